"""CMP Facades."""

from typing import ClassVar

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import Facades
from gan_lab.datasets.paired_images import Direction
from gan_lab.images.transforms import Jitter


class FacadesDataModule(PairedDataModule):
    """CMP Facades, labels to photographs unless ``direction`` is ``AtoB``."""

    usual_direction: ClassVar[Direction] = "BtoA"

    def split(self, name: str, load_size: int, jitter: Jitter | None = None, cache: bool = False) -> Facades:
        """The pairs of one split."""
        return Facades(self.root, name, self.direction, load_size, jitter, cache)
