"""Emoji as line drawings and in color: the small set that the project carries."""

from pathlib import Path

from gan_lab.datasets.pair_layouts import Pair, side_by_side
from gan_lab.datasets.paired_images import PairedDataset


class EmojiPairs(PairedDataset):
    """Black line drawings (A) and flat colored emoji (B) of Microsoft's Fluent set (MIT), 256 x 128, A | B.

    The root is ``data/emoji_pairs`` of the project, with ``train`` and ``val``. ``AtoB`` colors drawings.
    """

    halves = "square"

    def find_pairs(self, root: Path, split: str) -> list[Pair]:
        """The pairs of ``train`` or ``val``; raises DatasetNotFoundError if there is none."""
        remedy = "It is data/emoji_pairs of the project's repository: run from there, or correct data.root."
        return side_by_side("EmojiPairs", root / split, remedy)
