"""The emoji pairs that the project carries."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import EmojiPairs
from gan_lab.images.transforms import Jitter


class EmojiPairsDataModule(PairedDataModule):
    """Fluent emoji, line drawings to colour unless ``direction`` is ``BtoA``."""

    def split(self, name: str, load_size: int, jitter: Jitter | None = None, cache: bool = False) -> EmojiPairs:
        """The pairs of one split."""
        return EmojiPairs(self.root, name, self.direction, load_size, jitter, cache)
