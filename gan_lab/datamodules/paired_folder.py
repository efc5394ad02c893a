"""Anyone's own pairs."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import PairedFolder


class PairedFolderDataModule(PairedDataModule):
    """Your own pairs in either layout, which is seen from the folders.

    ``<root>/<split>/*`` holds A and B side by side in each file; or ``<root>/<split>/A/*`` and ``<root>/<split>/B/*``
    hold them apart under the same names.
    """

    data_set = PairedFolder
