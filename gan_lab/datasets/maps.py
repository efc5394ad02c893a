"""Google Maps (Isola et al., 2017) as Pix2Pix packed it."""

from pathlib import Path
from typing import ClassVar

from gan_lab.datasets.pair_layouts import Pair, side_by_side
from gan_lab.datasets.paired_images import Direction, PairedDataset


class Maps(PairedDataset):
    """Aerial photographs (A) and the maps of the same places (B): ``<root>/{train,val}/N.jpg``, 1200 x 600, A | B.

    There are 1,096 training and 1,098 validation pairs, from either side of New York's median latitude. ``BtoA`` paints
    aerial photographs from maps; ``AtoB`` draws maps.
    """

    default_direction: ClassVar[Direction] = "BtoA"
    halves = "square"

    def find_pairs(self, root: Path, split: str) -> list[Pair]:
        """The pairs of ``train`` or ``val``; raises DatasetNotFoundError if there is none."""
        return side_by_side(
            "Maps", root / split, "Unpack maps.tar.gz of the pix2pix data sets there, or correct data.root."
        )
