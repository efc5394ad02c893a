"""CMP Facades (Tyleček and Šára, 2013) as Pix2Pix packed it."""

from pathlib import Path

from gan_lab.datasets.paired_images import Direction, PairedImages, side_by_side
from gan_lab.images.transforms import Jitter


class Facades(PairedImages):
    """Photographs of façades (A) and their label maps (B): ``<root>/{train,val,test}/N.jpg``, 512 x 256, A | B.

    Args:
        root: The unpacked ``facades`` folder.
        split: 400 training, 100 validation and 106 test pairs in the full set.
        direction: ``BtoA`` paints photographs from label maps, as the paper does.
        load_size: Side in pixels to which both images are scaled.
        jitter: Random crop and flip.
        cache: Whether to keep decoded pairs in memory.

    Raises:
        DatasetNotFoundError: If the split's folder is missing or empty.
    """

    def __init__(
        self,
        root: Path,
        split: str,
        direction: Direction = "BtoA",
        load_size: int = 256,
        jitter: Jitter | None = None,
        cache: bool = False,
    ) -> None:
        remedy = "Unpack facades.tar.gz of the pix2pix data sets there, or correct data.root."
        pairs = side_by_side("Facades", Path(root) / split, remedy)
        super().__init__(pairs, direction, load_size, jitter, cache)
