"""CUHK student faces and sketches."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import CUHK
from gan_lab.images.transforms import Jitter


class CUHKDataModule(PairedDataModule):
    """CUHK, sketches to photographs unless ``direction`` is ``BtoA``; its ``testing`` split is ``val`` and ``test``."""

    def split(self, name: str, load_size: int, jitter: Jitter | None = None, cache: bool = False) -> CUHK:
        """The pairs of one split."""
        official = "training" if name == "train" else "testing"
        return CUHK(self.root, official, self.direction, load_size, jitter, cache)
