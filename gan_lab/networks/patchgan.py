"""The patch discriminator of Pix2Pix and CycleGAN (Isola et al. 2017, section 3.2.2 and appendix 6.1.2)."""

from typing import Literal, get_args

from torch import Tensor, nn

from gan_lab.errors import require, require_numbers
from gan_lab.networks.layers import Norm, as_weights, initialize_normal, norm_layer

ReceptiveField = Literal[1, 16, 34, 70, 142, 286]
_STRIDED_LAYERS: dict[int, int] = {16: 1, 34: 2, 70: 3, 142: 4, 286: 5}


class PatchDiscriminator(nn.Module):
    """Judges every patch of an image by itself: one logit for each place.

    The index of every layer is that of the authors' PyTorch implementation, so its weights load by renaming ``model``
    (``net`` for the pixel discriminator) to ``layers``. 2,768,705 parameters on 6
    channels at 70 pixels with batch norm.

    Args:
        in_channels: Channels judged: those of the image, and of the source beside it when conditional.
        receptive_field: Side of the patch that a logit sees, in pixels: 1 is the paper's PixelGAN, 70 its PatchGAN,
            286 its ImageGAN (section 4.4).
        base_channels: Features of the first layer; each later one doubles it up to eight times.
        norm: Normalization between the convolutions.

    Raises:
        ConfigurationError: If ``receptive_field`` is none of those, or a number of channels is below 1.
    """

    def __init__(
        self,
        *,
        in_channels: int = 6,
        receptive_field: ReceptiveField = 70,
        base_channels: int = 64,
        norm: Norm = "batch",
    ) -> None:
        super().__init__()
        require_numbers({"in_channels": in_channels, "base_channels": base_channels}, at_least=1)
        allowed = get_args(ReceptiveField)
        require(
            receptive_field in allowed,
            f"receptive_field must be one of {', '.join(map(str, allowed))}, got {receptive_field}",
        )
        bias = norm == "instance"  # batch norm has its own
        if receptive_field == 1:
            layers: list[nn.Module] = [
                nn.Conv2d(in_channels, base_channels, 1),
                nn.LeakyReLU(0.2, inplace=True),
                nn.Conv2d(base_channels, 2 * base_channels, 1, bias=bias),
                norm_layer(norm, 2 * base_channels),
                nn.LeakyReLU(0.2, inplace=True),
                nn.Conv2d(2 * base_channels, 1, 1, bias=bias),
            ]
        else:
            strided = _STRIDED_LAYERS[receptive_field]
            layers = [nn.Conv2d(in_channels, base_channels, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
            width = base_channels
            for level in range(1, strided + 1):
                previous, width = width, base_channels * min(2**level, 8)
                stride = 2 if level < strided else 1
                layers += [
                    nn.Conv2d(previous, width, 4, stride, 1, bias=bias),
                    norm_layer(norm, width),
                    nn.LeakyReLU(0.2, inplace=True),
                ]
            layers.append(nn.Conv2d(width, 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)
        initialize_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Maps images (B, in_channels, H, W) to logits (B, 1, h, w), one a patch; h = 30 for 256 pixels and 70."""
        logits: Tensor = self.layers(as_weights(x, self.layers[0]))
        return logits
