"""LightningModules: one paper, one file."""

from gan_lab.modules.base import GANModule
from gan_lab.modules.pix2pix import Pix2PixModule

__all__ = ["GANModule", "Pix2PixModule"]
