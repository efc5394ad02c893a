"""Google Maps."""

from typing import ClassVar

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import Maps
from gan_lab.datasets.paired_images import Direction
from gan_lab.images.transforms import Jitter


class MapsDataModule(PairedDataModule):
    """Google Maps, maps to aerial photographs unless ``direction`` is ``AtoB``."""

    usual_direction: ClassVar[Direction] = "BtoA"

    def split(self, name: str, load_size: int, jitter: Jitter | None = None, cache: bool = False) -> Maps:
        """The pairs of one split."""
        return Maps(self.root, name, self.direction, load_size, jitter, cache)
