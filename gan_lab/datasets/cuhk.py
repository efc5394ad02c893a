"""CUHK student faces and sketches (Wang and Tang, PAMI 2009)."""

import re
from pathlib import Path

from gan_lab.datasets.pair_layouts import Pair, matching_names
from gan_lab.datasets.paired_images import PairedDataset

_REMEDY = "data.root should hold training/ and testing/ of CUHK, each with photos/ and sketches/: correct data.root."
_FOLDERS = {"train": "training", "val": "testing", "test": "testing"}


class CUHK(PairedDataset):
    """Artists' sketches (A) and photographs (B) of 188 students: ``<root>/{training,testing}/{sketches,photos}/*.jpg``.

    The cropped set, 200 x 250, has both sides registered by eyes and mouth. The original one, 1024 x 768 photographs
    and smaller sketches, has not: it is read alike, both sides squeezed into the same square, and ``gan-lab check``
    calls it mismatched.

    ``training`` has 88 pairs and ``testing`` 100; they are ``train``, and ``val`` and ``test``, too. ``AtoB`` makes
    photographs of sketches, ``BtoA`` the reverse.
    """

    def find_pairs(self, root: Path, split: str) -> list[Pair]:
        """The students of a split; raises DatasetNotFoundError if there is none, DatasetError if one lacks a side."""
        sketches, photographs = (root / _FOLDERS.get(split, split) / kind for kind in ("sketches", "photos"))
        return matching_names("CUHK", sketches, photographs, _REMEDY, _sketched, str.lower)


def _sketched(name: str) -> str:
    """Its photograph's name: ``f-005-01`` of the training split's ``F2-005-01-sz1``, ``f1-001-01`` of the other's."""
    return re.sub("^([fm])2-", r"\1-", name.lower().removesuffix("-sz1"))
