"""Best Artworks of All Time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from gan_lab.datamodules.square_images import SquareImagesDataModule
from gan_lab.datasets import best_artworks
from gan_lab.datasets.images import ImageFile


class BestArtworksDataModule(SquareImagesDataModule):
    """Paintings of fifty artists (Kaggle's best-artworks-of-all-time), or of some of them.

    Args:
        root: The folder with ``artists.csv``, ``images`` and ``resized``.
        artists: Whose paintings to take, as ``artists.csv`` has the names, accents or no; null for all.
        genres: Genres whose painters to take, such as ``Impressionism``; null for all. With both, who is in either.
        resized: Whether to read the archive's scaled-down copies, which is faster, rather than the originals.
        **kwargs: As of :class:`SquareImagesDataModule`.
    """

    data_set: ClassVar[str] = best_artworks.NAME

    def __init__(
        self,
        root: Path,
        artists: Sequence[str] | None = None,
        genres: Sequence[str] | None = None,
        resized: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(root, **kwargs)
        self.artists, self.genres, self.resized = artists, genres, resized

    def find_images(self) -> list[ImageFile]:
        """The paintings chosen, each once."""
        return best_artworks.find_paintings(self.root, self.resized, self.artists, self.genres)
