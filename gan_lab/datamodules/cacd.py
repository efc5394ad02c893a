"""CACD."""

from gan_lab.datamodules.aging import AgingDataModule
from gan_lab.datasets import CACD


class CACDAgingDataModule(AgingDataModule):
    """Young and old celebrities of CACD; it has nobody above 62."""

    def read_faces(self) -> CACD:
        """All faces of the data set, of whatever age."""
        return CACD(self.root, self.image_size)
