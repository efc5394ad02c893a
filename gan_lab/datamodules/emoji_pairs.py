"""The emoji pairs that the project carries."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import EmojiPairs


class EmojiPairsDataModule(PairedDataModule):
    """Fluent emoji, line drawings to color unless ``direction`` is ``BtoA``."""

    data_set = EmojiPairs
