"""Datasets: one class for each data set's official layout on disk, and in which order they are read. No Lightning."""

from gan_lab.datasets.aged_faces import AgedFaces, UnpairedFaces
from gan_lab.datasets.cacd import CACD
from gan_lab.datasets.cityscapes import Cityscapes
from gan_lab.datasets.cuhk import CUHK
from gan_lab.datasets.degraded_images import DegradedImages
from gan_lab.datasets.emoji_pairs import EmojiPairs
from gan_lab.datasets.facades import Facades
from gan_lab.datasets.figures import Figures
from gan_lab.datasets.image_folder import ImageFolder
from gan_lab.datasets.imdb_wiki import IMDBWIKI
from gan_lab.datasets.lsp import LSP
from gan_lab.datasets.maps import Maps
from gan_lab.datasets.mpii import MPII
from gan_lab.datasets.paired_folder import PairedFolder
from gan_lab.datasets.paired_images import PairedDataset, PairedImages
from gan_lab.datasets.persons import Persons
from gan_lab.datasets.posed_people import PeopleToFind, PhotographedPeople, PosedPeople
from gan_lab.datasets.seeds import Seeds
from gan_lab.datasets.square_images import SquareImages
from gan_lab.datasets.unpaired_images import UnpairedImages

__all__ = [
    "CACD",
    "CUHK",
    "IMDBWIKI",
    "LSP",
    "MPII",
    "AgedFaces",
    "Cityscapes",
    "DegradedImages",
    "EmojiPairs",
    "Facades",
    "Figures",
    "ImageFolder",
    "Maps",
    "PairedDataset",
    "PairedFolder",
    "PairedImages",
    "PeopleToFind",
    "Persons",
    "PhotographedPeople",
    "PosedPeople",
    "Seeds",
    "SquareImages",
    "UnpairedFaces",
    "UnpairedImages",
]
