"""LightningDataModules: thin wrappers that split, batch and shard a dataset."""

from gan_lab.datamodules.aging import AgingDataModule
from gan_lab.datamodules.base import GANDataModule
from gan_lab.datamodules.best_artworks import BestArtworksDataModule
from gan_lab.datamodules.cacd import CACDAgingDataModule
from gan_lab.datamodules.celeba_hq import CelebAHQDataModule
from gan_lab.datamodules.cityscapes import CityscapesDataModule
from gan_lab.datamodules.cuhk import CUHKDataModule
from gan_lab.datamodules.degraded_folder import DegradedFolderDataModule
from gan_lab.datamodules.emoji_pairs import EmojiPairsDataModule
from gan_lab.datamodules.facades import FacadesDataModule
from gan_lab.datamodules.ffhq import FFHQDataModule
from gan_lab.datamodules.figures import FiguresDataModule
from gan_lab.datamodules.growing import GrowingDataModule
from gan_lab.datamodules.growing_folder import GrowingFolderDataModule
from gan_lab.datamodules.image_folder import ImageFolderDataModule
from gan_lab.datamodules.imdb_wiki import IMDBWIKIAgingDataModule
from gan_lab.datamodules.lsp import LSPDataModule
from gan_lab.datamodules.maps import MapsDataModule
from gan_lab.datamodules.mpii import MPIIDataModule
from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datamodules.paired_folder import PairedFolderDataModule
from gan_lab.datamodules.pose import PoseDataModule
from gan_lab.datamodules.square_images import SquareImagesDataModule
from gan_lab.datamodules.unconditional import UnconditionalDataModule
from gan_lab.datamodules.unpaired_folder import UnpairedFolderDataModule
from gan_lab.datamodules.wikiart import WikiArtDataModule

__all__ = [
    "AgingDataModule",
    "BestArtworksDataModule",
    "CACDAgingDataModule",
    "CUHKDataModule",
    "CelebAHQDataModule",
    "CityscapesDataModule",
    "DegradedFolderDataModule",
    "EmojiPairsDataModule",
    "FFHQDataModule",
    "FacadesDataModule",
    "FiguresDataModule",
    "GANDataModule",
    "GrowingDataModule",
    "GrowingFolderDataModule",
    "IMDBWIKIAgingDataModule",
    "ImageFolderDataModule",
    "LSPDataModule",
    "MPIIDataModule",
    "MapsDataModule",
    "PairedDataModule",
    "PairedFolderDataModule",
    "PoseDataModule",
    "SquareImagesDataModule",
    "UnconditionalDataModule",
    "UnpairedFolderDataModule",
    "WikiArtDataModule",
]
