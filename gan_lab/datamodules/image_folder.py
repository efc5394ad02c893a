"""Any folder of pictures, to learn the like of."""

from pathlib import Path
from typing import Any

from gan_lab.datamodules.square_images import SquareImagesDataModule
from gan_lab.datasets.images import ImageFile, images_below
from gan_lab.images.transforms import Box


class ImageFolderDataModule(SquareImagesDataModule):
    """The images below one folder, also in subfolders.

    Args:
        box: Left, top, right and bottom edge of the part of every file that is the image, in pixels; None for all.
        **kwargs: As of :class:`SquareImagesDataModule`.
    """

    def __init__(self, root: Path, box: Box | None = None, **kwargs: Any) -> None:
        super().__init__(root, **kwargs)
        self.box = box

    def find_images(self) -> list[ImageFile]:
        """Every image below the folder."""
        return images_below(self.data_set, self.root, box=self.box)
