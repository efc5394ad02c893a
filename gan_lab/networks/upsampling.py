"""How generators double the size of their features."""

from typing import Literal, get_args

from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.errors import require

Upsampling = Literal["transposed", "resize"]


class ResizeConvolution(nn.Conv2d):
    """Repeats every pixel as 2 x 2, then convolves 3 x 3: nothing of a checkerboard (Odena et al., Distill 2016).

    Both at once, as the transposed convolution that they are: no map is convolved at the doubled size.

    Args:
        in_channels: Channels of the features.
        out_channels: Channels of those of twice the size.
        bias: Whether a bias is added.
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, in_channels, H, W) to (B, out_channels, 2 H, 2 W)."""
        weight = self.weight.transpose(0, 1).flip(2, 3)
        rows = F.pad(weight, (0, 0, 0, 1)) + F.pad(weight, (0, 0, 1, 0))
        kernel = F.pad(rows, (0, 1)) + F.pad(rows, (1, 0))  # 4 x 4: a pixel's four copies, each seen by 3 x 3
        return F.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)


def doubling(upsampling: Upsampling, in_channels: int, out_channels: int, *, bias: bool, kernel: int = 4) -> nn.Module:
    """A layer that doubles height and width.

    Args:
        upsampling: ``transposed`` convolution of stride 2, weights (in, out, kernel, kernel); ``resize`` by
            :class:`ResizeConvolution`, weights (out, in, 3, 3) under the same name.
        in_channels: Channels of the features.
        out_channels: Channels of those of twice the size.
        bias: Whether a bias is added.
        kernel: Side of the transposed convolution's kernel, 3 or 4.

    Raises:
        ConfigurationError: If ``upsampling`` is neither.
    """
    require(upsampling in get_args(Upsampling), f"upsampling must be 'transposed' or 'resize', got {upsampling!r}")
    if upsampling == "resize":
        return ResizeConvolution(in_channels, out_channels, bias=bias)
    return nn.ConvTranspose2d(in_channels, out_channels, kernel, 2, 1, output_padding=4 - kernel, bias=bias)
