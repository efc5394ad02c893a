"""CUHK student faces and sketches."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import CUHK


class CUHKDataModule(PairedDataModule):
    """CUHK, sketches to photographs unless ``direction`` is ``BtoA``; its ``testing`` split is ``val`` and ``test``."""

    data_set = CUHK
