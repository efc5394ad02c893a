"""CMP Facades."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import Facades


class FacadesDataModule(PairedDataModule):
    """CMP Facades, labels to photographs unless ``direction`` is ``AtoB``."""

    data_set = Facades
