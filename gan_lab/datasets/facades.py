"""CMP Facades (Tyleček and Šára, 2013) as Pix2Pix packed it."""

from pathlib import Path
from typing import ClassVar

from gan_lab.datasets.pair_layouts import Pair, side_by_side
from gan_lab.datasets.paired_images import Direction, PairedDataset


class Facades(PairedDataset):
    """Photographs of façades (A) and their label maps (B): ``<root>/{train,val,test}/N.jpg``, 512 x 256, A | B.

    The full set has 400 training, 100 validation and 106 test pairs. ``BtoA`` paints photographs from label maps, as
    the paper does.
    """

    default_direction: ClassVar[Direction] = "BtoA"
    halves = "square"

    def find_pairs(self, root: Path, split: str) -> list[Pair]:
        """The pairs of ``train``, ``val`` or ``test``; raises DatasetNotFoundError if there is none."""
        remedy = "Unpack facades.tar.gz of the pix2pix data sets there, or correct data.root."
        return side_by_side("Facades", root / split, remedy)
