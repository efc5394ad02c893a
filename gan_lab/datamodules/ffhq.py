"""Flickr-Faces-HQ."""

from collections.abc import Sequence
from typing import ClassVar

from gan_lab.datamodules.growing import GrowingDataModule
from gan_lab.datasets.ffhq import ffhq_images
from gan_lab.datasets.images import ImageFile


class FFHQDataModule(GrowingDataModule):
    """Flickr-Faces-HQ: 70,000 aligned faces, all of which the paper trains on.

    ``root`` holds ``images1024x1024`` or ``thumbnails128x128``, of which the smallest that is large enough for the
    schedule is read, or the pictures themselves.
    """

    data_set: ClassVar[str] = "FFHQ"

    def find_images(self) -> Sequence[ImageFile]:
        """Every face."""
        return ffhq_images(self.root, self.schedule.resolution)
