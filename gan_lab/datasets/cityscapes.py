"""Cityscapes (Cordts et al., CVPR 2016)."""

from pathlib import Path
from typing import ClassVar

import numpy as np

from gan_lab.datasets.pair_layouts import Pair, matching_names
from gan_lab.datasets.paired_images import Direction, PairedDataset
from gan_lab.images.palettes import CITYSCAPES

_REMEDY = (
    "Unpack leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip of Cityscapes into data.root, or correct it: "
    "photographs end in _leftImg8bit.png, label maps in _gtFine_labelIds.png."
)


class Cityscapes(PairedDataset):
    """Street scenes (A) and their finely annotated label maps in the official colors (B), 2048 x 1024.

    ``leftImg8bit/<split>/<city>/*_leftImg8bit.png`` and ``gtFine/<split>/<city>/*_gtFine_labelIds.png``. The colors
    are made from the label ids, so nothing else of ``gtFine`` need be there; labels are scaled without blending them.

    ``train`` has 2,975 pairs and ``val`` 500; the labels of ``test`` are not public. ``BtoA`` paints photographs from
    label maps; ``AtoB`` segments photographs.
    """

    default_direction: ClassVar[Direction] = "BtoA"
    label_colors = np.array(CITYSCAPES.id_colors, np.uint8)

    def find_pairs(self, root: Path, split: str) -> list[Pair]:
        """The scenes of a split; raises DatasetNotFoundError if there is none, DatasetError if one lacks a side."""
        photographs, label_maps = (root / kind / split for kind in ("leftImg8bit", "gtFine"))
        return matching_names("Cityscapes", photographs, label_maps, _REMEDY, _scene, _labeled_scene)


def _scene(name: str) -> str | None:
    """``aachen/aachen_000000_000019`` of its photograph's name."""
    return name.removesuffix("_leftImg8bit") if name.endswith("_leftImg8bit") else None


def _labeled_scene(name: str) -> str | None:
    """The same of its map of label ids; None for the other files of ``gtFine``."""
    return name.removesuffix("_gtFine_labelIds") if name.endswith("_gtFine_labelIds") else None
