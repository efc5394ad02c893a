"""LightningModules: one paper, one file."""

from gan_lab.modules.base import GANModule
from gan_lab.modules.cyclegan import CycleGANModule
from gan_lab.modules.pix2pix import Pix2PixModule

__all__ = ["CycleGANModule", "GANModule", "Pix2PixModule"]
