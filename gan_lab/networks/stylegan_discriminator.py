"""The growing discriminator of ProGAN and StyleGAN (Karras et al., ICLR 2018, Table 2; CVPR 2019, appendix C)."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.networks.layers import as_weights
from gan_lab.networks.resampling import Blur, EqualizedConv2d, EqualizedLinear, downsample
from gan_lab.networks.stylegan import channels_per_side
from gan_lab.precision import at_least_float32


class StyleGANDiscriminator(nn.Module):
    """Judges images of any size from 4 pixels to ``resolution``: 23,087,249 parameters at 1024.

    Args:
        resolution: Side of the final images in pixels, a power of two from 8.
        base_channels: As the generator's.
        max_channels: As the generator's.
        blurred: Whether features are smoothed before they are halved; ProGAN does not.
        stddev_group: Images over which one standard deviation is taken (ProGAN, section 3); of a batch that does
            not divide by it, the largest smaller number that does.

    Raises:
        ConfigurationError: If ``resolution`` is no such power, or a number of channels is too small.
    """

    def __init__(
        self,
        *,
        resolution: int = 1024,
        base_channels: int = 8192,
        max_channels: int = 512,
        blurred: bool = True,
        stddev_group: int = 4,
    ) -> None:
        super().__init__()
        widths = channels_per_side(resolution, base_channels, max_channels)
        self.stddev_group = stddev_group
        self.from_rgb = nn.ModuleList(EqualizedConv2d(3, width, 1) for width in widths)
        self.blocks = nn.ModuleList(
            DownBlock(narrow, wide, blurred=blurred) for wide, narrow in itertools.pairwise(widths)
        )
        self.conv = EqualizedConv2d(widths[0] + 1, widths[0])
        self.dense = EqualizedLinear(16 * widths[0], min(base_channels, max_channels))
        self.logit = EqualizedLinear(min(base_channels, max_channels), 1, gain=1.0)

    def forward(self, image: Tensor, alpha: float = 1.0) -> Tensor:
        """Judges images at the size they have.

        Args:
            image: (B, 3, H, H) in [-1, 1].
            alpha: How far the last doubling is faded in, 0 to 1.

        Returns:
            Logits (B, 1).
        """
        level = image.shape[-1].bit_length() - 3
        image = as_weights(image, self.logit)
        x = F.leaky_relu(self.from_rgb[level](image), 0.2)
        if level:
            x = self.blocks[level - 1](x)
            if alpha < 1:
                old = F.leaky_relu(self.from_rgb[level - 1](downsample(image)), 0.2)
                x = torch.lerp(old, x, alpha)
        for block in reversed(self.blocks[: max(level - 1, 0)]):
            x = block(x)
        x = torch.cat([x, minibatch_stddev(x, self.stddev_group)], dim=1)
        x = F.leaky_relu(self.conv(x), 0.2)
        x = F.leaky_relu(self.dense(x.flatten(1)), 0.2)
        logits: Tensor = self.logit(x)
        return logits


class DownBlock(nn.Module):
    """Two 3x3 convolutions, the second of which halves the size.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        blurred: Whether features are smoothed between them.
    """

    def __init__(self, in_channels: int, out_channels: int, *, blurred: bool) -> None:
        super().__init__()
        self.conv0 = EqualizedConv2d(in_channels, in_channels)
        self.conv1_down = EqualizedConv2d(in_channels, out_channels, resampling="down")
        self.blur = Blur() if blurred else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, in_channels, H, W) to (B, out_channels, H / 2, W / 2)."""
        x = F.leaky_relu(self.conv0(x), 0.2)
        return F.leaky_relu(self.conv1_down(self.blur(x)), 0.2)


def minibatch_stddev(x: Tensor, group_size: int) -> Tensor:
    """The features' standard deviation over a group of images, averaged, as a channel (ProGAN, section 3).

    A group takes every ``B / group``-th image. The variance is the biased one, plus 1e-8.

    Args:
        x: Features (B, C, H, W).
        group_size: Images a group, or fewer where B does not divide by it.

    Returns:
        (B, 1, H, W), equal for the images of a group.
    """
    batch, _, height, width = x.shape
    size = next(size for size in range(min(group_size, batch), 0, -1) if batch % size == 0)
    groups = at_least_float32(x).view(size, batch // size, *x.shape[1:])
    variance = (groups - groups.mean(dim=0)).square().mean(dim=0)
    stddev = (variance + 1e-8).sqrt().mean(dim=(1, 2, 3)).to(x.dtype)
    return stddev.repeat(size)[:, None, None, None].expand(-1, 1, height, width)
