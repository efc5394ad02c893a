"""Any folder of pictures, for growing networks."""

from pathlib import Path
from typing import Any

from gan_lab.datamodules.growing import GrowingDataModule
from gan_lab.datasets.images import ImageFile, images_below
from gan_lab.images.transforms import Box
from gan_lab.schedules import GrowingSchedule


class GrowingFolderDataModule(GrowingDataModule):
    """The images below one folder, also in subfolders, at the resolution that growing networks have reached.

    Args:
        box: Left, top, right and bottom edge of the part of every file that is the image, in pixels; None for all.
        **kwargs: As of :class:`GrowingDataModule`.
    """

    def __init__(self, root: Path, schedule: GrowingSchedule, box: Box | None = None, **kwargs: Any) -> None:
        super().__init__(root, schedule, **kwargs)
        self.box = box

    def find_images(self) -> list[ImageFile]:
        """Every image below the folder."""
        return images_below(self.data_set, self.root, box=self.box)
