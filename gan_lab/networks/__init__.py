"""Networks: plain ``torch.nn`` modules that know nothing of training."""

from gan_lab.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lab.networks.hourglass import HeatmapDiscriminator, HourglassSettings, StackedHourglass
from gan_lab.networks.patchgan import PatchDiscriminator
from gan_lab.networks.resnet import ResNetGenerator
from gan_lab.networks.stylegan import StyleGANGenerator
from gan_lab.networks.stylegan_discriminator import StyleGANDiscriminator
from gan_lab.networks.unet import UNetGenerator

__all__ = [
    "DCGANDiscriminator",
    "DCGANGenerator",
    "HeatmapDiscriminator",
    "HourglassSettings",
    "PatchDiscriminator",
    "ResNetGenerator",
    "StackedHourglass",
    "StyleGANDiscriminator",
    "StyleGANGenerator",
    "UNetGenerator",
]
