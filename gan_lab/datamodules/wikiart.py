"""WikiArt."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from gan_lab.datamodules.square_images import SquareImagesDataModule
from gan_lab.datasets import wikiart
from gan_lab.datasets.images import ImageFile


class WikiArtDataModule(SquareImagesDataModule):
    """Paintings of WikiArt, of all styles or of some.

    Args:
        root: The folder of the styles' folders (or genres'), at any depth.
        styles: Names of their folders, such as ``Impressionism``; null for all.
        artists: What files' names begin with, such as ``claude-monet``; null for all. With both, who painted so.
        **kwargs: As of :class:`SquareImagesDataModule`.
    """

    data_set: ClassVar[str] = wikiart.NAME

    def __init__(
        self, root: Path, styles: Sequence[str] | None = None, artists: Sequence[str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(root, **kwargs)
        self.styles, self.artists = styles, artists

    def find_images(self) -> list[ImageFile]:
        """The paintings chosen."""
        return wikiart.find_paintings(self.root, self.styles, self.artists)
