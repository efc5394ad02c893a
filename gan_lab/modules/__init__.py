"""LightningModules: one paper, one file."""

from gan_lab.modules.art_dcgan import ArtDCGANModule
from gan_lab.modules.cyclegan import CycleGANModule
from gan_lab.modules.pix2pix import Pix2PixModule
from gan_lab.modules.sagan_pose import SAGANPoseModule
from gan_lab.modules.stylegan import StyleGANModule
from gan_lab.training.gan_module import GANModule

__all__ = [
    "ArtDCGANModule",
    "CycleGANModule",
    "GANModule",
    "Pix2PixModule",
    "SAGANPoseModule",
    "StyleGANModule",
]
