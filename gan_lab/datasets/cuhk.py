"""CUHK student faces and sketches (Wang and Tang, PAMI 2009)."""

import re
from pathlib import Path

from gan_lab.datasets.paired_images import Direction, PairedImages, matching_names
from gan_lab.images.transforms import Jitter

_REMEDY = "data.root should hold training/ and testing/ of CUHK, each with photos/ and sketches/: correct data.root."


class CUHK(PairedImages):
    """Artists' sketches (A) and photographs (B) of 188 students: ``<root>/{training,testing}/{sketches,photos}/*.jpg``.

    The cropped set, 200 x 250, has both sides registered by eyes and mouth. The original one, 1024 x 768 photographs
    and smaller sketches, has not: it is read alike, both sides squeezed into the same square, and ``gan-lab check``
    calls it mismatched.

    Args:
        root: The folder with ``training`` and ``testing``.
        split: ``training``, 88 pairs, or ``testing``, 100.
        direction: ``AtoB`` makes photographs of sketches; ``BtoA`` sketches photographs.
        load_size: Side in pixels to which both images are scaled.
        jitter: Random crop and flip.
        cache: Whether to keep decoded pairs in memory.

    Raises:
        DatasetNotFoundError: If a folder of the split is missing or empty.
        DatasetError: If a photograph has no sketch, or the other way round.
    """

    def __init__(
        self,
        root: Path,
        split: str,
        direction: Direction = "AtoB",
        load_size: int = 256,
        jitter: Jitter | None = None,
        cache: bool = False,
    ) -> None:
        sketches, photographs = (Path(root) / split / kind for kind in ("sketches", "photos"))
        pairs = matching_names("CUHK", sketches, photographs, _REMEDY, _sketched, str.lower)
        super().__init__(pairs, direction, load_size, jitter, cache)


def _sketched(name: str) -> str:
    """Its photograph's name: ``f-005-01`` of the training split's ``F2-005-01-sz1``, ``f1-001-01`` of the other's."""
    return re.sub("^([fm])2-", r"\1-", name.lower().removesuffix("-sz1"))
