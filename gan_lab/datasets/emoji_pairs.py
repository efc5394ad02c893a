"""Emoji as line drawings and in colour: the small set that the project carries."""

from pathlib import Path

from gan_lab.datasets.paired_images import Direction, PairedImages, side_by_side
from gan_lab.images.transforms import Jitter


class EmojiPairs(PairedImages):
    """Black line drawings (A) and flat coloured emoji (B) of Microsoft's Fluent set (MIT), 256 x 128, A | B.

    Args:
        root: The folder with ``train`` and ``val``; ``data/emoji_pairs`` of the project.
        split: Training or held-out pairs.
        direction: ``AtoB`` colours drawings.
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
        direction: Direction = "AtoB",
        load_size: int = 128,
        jitter: Jitter | None = None,
        cache: bool = False,
    ) -> None:
        remedy = "It is data/emoji_pairs of the project's repository: run from there, or correct data.root."
        pairs = side_by_side("EmojiPairs", Path(root) / split, remedy)
        super().__init__(pairs, direction, load_size, jitter, cache)
