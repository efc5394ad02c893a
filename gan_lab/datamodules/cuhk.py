"""CUHK student faces and sketches."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import CUHK, PairedDataset
from gan_lab.images.transforms import Jitter


class CUHKDataModule(PairedDataModule):
    """CUHK, sketches to photographs unless ``direction`` is ``BtoA``; its ``testing`` split is ``val`` and ``test``."""

    data_set = CUHK

    def split(self, name: str, load_size: int, jitter: Jitter | None = None) -> PairedDataset:
        """The pairs of one split, under its official name."""
        return super().split({"train": "training"}.get(name, "testing"), load_size, jitter)
