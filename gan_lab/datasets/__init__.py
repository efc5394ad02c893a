"""Datasets: one class for each data set's official layout on disk. They know nothing of batches or Lightning."""

from gan_lab.datasets.emoji_pairs import EmojiPairs
from gan_lab.datasets.facades import Facades
from gan_lab.datasets.image_folder import ImageFolder
from gan_lab.datasets.paired_images import PairedImages
from gan_lab.datasets.unpaired_images import UnpairedImages

__all__ = ["EmojiPairs", "Facades", "ImageFolder", "PairedImages", "UnpairedImages"]
