"""The networks of DCGAN (Radford et al., ICLR 2016, section 3 and figure 1): strided convolutions and nothing else."""

from typing import Literal, NamedTuple

from torch import Tensor, nn

from gan_lab.errors import require, require_numbers
from gan_lab.networks.layers import as_weights, initialize_normal
from gan_lab.networks.upsampling import Upsampling, doubling

ImageSize = Literal[28, 32, 64, 128, 256]


class _Step(NamedTuple):
    """A convolution; transposed it takes a side of s pixels to (s - 1) * stride - 2 * padding + kernel."""

    kernel: int
    stride: int
    padding: int


_FIRST = _Step(4, 1, 0)  # 1 -> 4
_DOUBLE = _Step(4, 2, 1)  # 4 -> 8 -> 16 ...
_FOUR_TO_SEVEN = _Step(3, 2, 1)  # so that 28 is 4 -> 7 -> 14 -> 28

ROUTES: dict[int, tuple[_Step, ...]] = {  # from a latent to an image; the discriminator goes the same way back
    28: (_FIRST, _FOUR_TO_SEVEN, _DOUBLE, _DOUBLE),
    32: (_FIRST, *[_DOUBLE] * 3),
    64: (_FIRST, *[_DOUBLE] * 4),  # the paper's
    128: (_FIRST, *[_DOUBLE] * 5),
    256: (_FIRST, *[_DOUBLE] * 6),
}
_WIDEST = 16  # times the base: no layer is wider, which is the paper's widest (1,024) for the usual base of 64


def route_to(image_size: int) -> tuple[_Step, ...]:
    """The convolutions from a latent to an image of this size.

    Raises:
        ConfigurationError: If there are none.
    """
    require(image_size in ROUTES, f"image_size must be one of {', '.join(map(str, ROUTES))}, got {image_size}")
    return ROUTES[image_size]


class DCGANGenerator(nn.Module):
    """Makes images of latent codes: transposed convolutions, batch norm in all layers but the last, ReLU, tanh.

    With the defaults 3,806,080 parameters at 64 pixels, and 2,760,448 at 28. From layer to layer the features halve,
    from 512 for images of up to 64 pixels, from 1,024 for larger ones.

    Args:
        image_size: Side of the images: 28, 32, 64, 128 or 256.
        latent_size: Numbers in a latent code.
        channels: Channels of the images.
        base_channels: Features of the layer before the image at 64 pixels (ngf).
        upsampling: How the size is doubled: by ``transposed`` convolutions, the paper's, or ``resize``, which leaves no
            grid; see :func:`~gan_lab.networks.upsampling.doubling`. The weights' names are the same.

    Raises:
        ConfigurationError: If there is no way to images of this size, or a number of channels is below 1.
    """

    def __init__(
        self,
        *,
        image_size: int = 64,
        latent_size: int = 128,
        channels: int = 3,
        base_channels: int = 64,
        upsampling: Upsampling = "transposed",
    ) -> None:
        super().__init__()
        numbers = {"latent_size": latent_size, "channels": channels, "base_channels": base_channels}
        require_numbers(numbers, at_least=1)
        route = route_to(image_size)
        hidden = len(route) - 1
        widths = [base_channels * min(2**level, _WIDEST) for level in range(max(hidden, 4))][::-1][:hidden]
        layers: list[nn.Module] = []
        for step, before, after in zip(route, [latent_size, *widths], widths, strict=False):
            layers += [
                _enlarging(step, upsampling, before, after),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        layers += [_enlarging(route[-1], upsampling, widths[-1], channels), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        initialize_normal(self)

    def forward(self, z: Tensor) -> Tensor:
        """Maps codes (B, latent_size, 1, 1) from N(0, 1) to images (B, channels, image_size, image_size) in [-1, 1]."""
        image: Tensor = self.layers(as_weights(z, self.layers[0]))
        return image


def _enlarging(step: _Step, upsampling: Upsampling, before: int, after: int) -> nn.Module:
    """One step on the way from a code to an image; the first has no size to double."""
    if step == _DOUBLE:
        return doubling(upsampling, before, after, bias=False)  # batch norm has its own
    require(
        step == _FIRST or upsampling == "transposed",
        "upsampling 'resize' doubles the size, and 28 pixels are 7 doubled twice: set image_size to 32 or more",
    )
    return nn.ConvTranspose2d(before, after, *step, bias=False)


class DCGANDiscriminator(nn.Module):
    """Judges whole images: the generator's way back, batch norm in all layers but the first and the last, leaky ReLU.

    With the defaults 2,765,568 parameters at 64 pixels, and 433,920 at 28.

    Args:
        image_size: Side of the images: 28, 32, 64, 128 or 256.
        channels: Channels of the images.
        base_channels: Features of the first layer (ndf); each one has twice as many as the one before, up to 16 times.

    Raises:
        ConfigurationError: If there is no way to images of this size, or a number of channels is below 1.
    """

    def __init__(self, *, image_size: int = 64, channels: int = 3, base_channels: int = 64) -> None:
        super().__init__()
        require_numbers({"channels": channels, "base_channels": base_channels}, at_least=1)
        *steps, last = reversed(route_to(image_size))
        layers: list[nn.Module] = []
        before = channels
        for level, step in enumerate(steps):
            after = base_channels * min(2**level, _WIDEST)
            layers += [
                nn.Conv2d(before, after, *step, bias=False),
                *([nn.BatchNorm2d(after)] if level else []),
                nn.LeakyReLU(0.2, inplace=True),  # section 3
            ]
            before = after
        layers.append(nn.Conv2d(before, 1, *last, bias=False))
        self.layers = nn.Sequential(*layers)
        initialize_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Maps images (B, channels, image_size, image_size) in [-1, 1] to a logit each, (B,): above 0 for real."""
        logits: Tensor = self.layers(as_weights(x, self.layers[0]))
        return logits.flatten()
