"""Best Artworks of All Time."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from gan_lab.datamodules.unconditional import UnconditionalDataModule
from gan_lab.datasets import best_artworks
from gan_lab.datasets.images import ImageFile


class BestArtworksDataModule(UnconditionalDataModule):
    """Paintings of fifty artists (Kaggle's best-artworks-of-all-time), or of some of them.

    Args:
        root: The folder with ``artists.csv``, ``images`` and ``resized``.
        artists: Whose paintings to take, as ``artists.csv`` has the names, accents or no; null for all.
        genres: The genres of whose painters to take, such as ``Impressionism``; null for all. With both, who is in
            either.
        resized: Whether to read the archive's scaled-down copies, which is faster, rather than the originals.
        image_size: Side of the images in pixels; the model's ``image_size``.
        flip: Whether half the training images are mirrored.
        held_out_share: About how much of the images, from 0 to below 1, is kept for validation. Which ones depends on
            nothing but their names and ``split_seed``. With 0 all are trained on, and validated on.
        split_seed: Chooses other ones.
        broken_share: The part of the files that may be broken; each such file is named and left out. 0 ends
            training at the first one.
        cache: Whether to keep decoded training images in memory (3 x image_size x image_size bytes each).
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation, test and prediction.
        num_workers: Processes that decode images; 0 decodes in the training process.
        seeds: What ``predict`` makes images of, such as ``0-63`` or ``1,5,9-12``.

    Raises:
        ConfigurationError: If a share is out of range, or ``seeds`` are none.
    """

    data_set: ClassVar[str] = best_artworks.NAME

    def __init__(
        self,
        root: Path,
        artists: Sequence[str] | None = None,
        genres: Sequence[str] | None = None,
        resized: bool = True,
        image_size: int = 64,
        flip: bool = False,
        held_out_share: float = 0.05,
        split_seed: int = 0,
        broken_share: float = 0.01,
        cache: bool = False,
        batch_size: int = 128,
        eval_batch_size: int = 64,
        num_workers: int = 2,
        seeds: str | int = "0-63",
    ) -> None:
        super().__init__(
            root,
            image_size,
            flip,
            held_out_share,
            split_seed,
            broken_share,
            cache,
            batch_size,
            eval_batch_size,
            num_workers,
            seeds,
        )
        self.artists = artists
        self.genres = genres
        self.resized = resized

    def find_images(self) -> list[ImageFile]:
        """The paintings chosen, each once."""
        return best_artworks.find_paintings(self.root, self.resized, self.artists, self.genres)
