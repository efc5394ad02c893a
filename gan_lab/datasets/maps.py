"""Google Maps (Isola et al., 2017) as Pix2Pix packed it."""

from pathlib import Path

from gan_lab.datasets.paired_images import Direction, PairedImages, side_by_side
from gan_lab.images.transforms import Jitter


class Maps(PairedImages):
    """Aerial photographs (A) and the maps of the same places (B): ``<root>/{train,val}/N.jpg``, 1200 x 600, A | B.

    Args:
        root: The unpacked ``maps`` folder.
        split: 1,096 training and 1,098 validation pairs, from either side of New York's median latitude.
        direction: ``BtoA`` paints aerial photographs from maps; ``AtoB`` draws maps.
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
        remedy = "Unpack maps.tar.gz of the pix2pix data sets there, or correct data.root."
        pairs = side_by_side("Maps", Path(root) / split, remedy)
        super().__init__(pairs, direction, load_size, jitter, cache)
