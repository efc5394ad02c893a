"""Cityscapes (Cordts et al., CVPR 2016)."""

from pathlib import Path

import numpy as np

from gan_lab.datasets.paired_images import Direction, PairedImages, matching_names
from gan_lab.images.palettes import CITYSCAPES
from gan_lab.images.transforms import Jitter

_REMEDY = (
    "Unpack leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip of Cityscapes into data.root, or correct it: "
    "photographs end in _leftImg8bit.png, label maps in _gtFine_labelIds.png."
)


class Cityscapes(PairedImages):
    """Street scenes (A) and their finely annotated label maps in the official colours (B), 2048 x 1024.

    ``leftImg8bit/<split>/<city>/*_leftImg8bit.png`` and ``gtFine/<split>/<city>/*_gtFine_labelIds.png``. The colours
    are made from the label ids, so nothing else of ``gtFine`` need be there.

    Args:
        root: The folder with ``leftImg8bit`` and ``gtFine``.
        split: ``train``, 2,975 pairs, or ``val``, 500. The labels of ``test`` are not public.
        direction: ``BtoA`` paints photographs from label maps; ``AtoB`` segments photographs.
        load_size: Side in pixels to which both images are squeezed, the label map without blending its colours.
        jitter: Random crop and flip.
        cache: Whether to keep decoded pairs in memory.

    Raises:
        DatasetNotFoundError: If a folder of the split is missing or empty.
        DatasetError: If a photograph has no label map, or the other way round.
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
        photographs, label_maps = (Path(root) / kind / split for kind in ("leftImg8bit", "gtFine"))
        pairs = matching_names("Cityscapes", photographs, label_maps, _REMEDY, _scene, _labelled_scene)
        colors = np.array(CITYSCAPES.id_colors, np.uint8)
        super().__init__(pairs, direction, load_size, jitter, cache, label_colors=colors)


def _scene(name: str) -> str | None:
    """``aachen/aachen_000000_000019`` of its photograph's name."""
    return name.removesuffix("_leftImg8bit") if name.endswith("_leftImg8bit") else None


def _labelled_scene(name: str) -> str | None:
    """The same of its map of label ids; None for the other files of ``gtFine``."""
    return name.removesuffix("_gtFine_labelIds") if name.endswith("_gtFine_labelIds") else None
