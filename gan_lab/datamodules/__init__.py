"""LightningDataModules: thin wrappers that split, batch and shard a dataset."""

from gan_lab.datamodules.base import GANDataModule
from gan_lab.datamodules.emoji_pairs import EmojiPairsDataModule
from gan_lab.datamodules.facades import FacadesDataModule
from gan_lab.datamodules.paired_folder import PairedFolderDataModule
from gan_lab.datamodules.unpaired_folder import UnpairedFolderDataModule

__all__ = [
    "EmojiPairsDataModule",
    "FacadesDataModule",
    "GANDataModule",
    "PairedFolderDataModule",
    "UnpairedFolderDataModule",
]
