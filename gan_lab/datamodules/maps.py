"""Google Maps."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import Maps


class MapsDataModule(PairedDataModule):
    """Google Maps, maps to aerial photographs unless ``direction`` is ``AtoB``."""

    data_set = Maps
