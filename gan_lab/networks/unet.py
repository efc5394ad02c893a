"""The U-Net generator of Pix2Pix (Isola et al. 2017, section 3.2.1 and appendix 6.1.1)."""

import torch
from torch import Tensor, nn

from gan_lab.errors import require, require_numbers
from gan_lab.networks.layers import Norm, as_weights, initialize_normal, norm_layer, require_multiples
from gan_lab.networks.reference_weights import under_own_names
from gan_lab.networks.upsampling import Upsampling, doubling
from gan_lab.schedules import is_power_of_two


class UNetGenerator(nn.Module):
    """Halves the image down to 1x1 and doubles it back, each level joined to its mirror by a skip connection.

    Tensor for tensor the shapes of the authors' PyTorch implementation, whose published weights load through
    :func:`rename_reference_weights`: at 256 pixels 54,413,955 parameters with batch norm, 54,409,603 with instance
    norm.

    Args:
        in_channels: Channels of the source.
        out_channels: Channels of the image made.
        image_size: Training resolution in pixels, a power of two from 32; log2 of it is the depth.
        base_channels: Features of the first level; deeper levels double it up to eight times.
        norm: Normalization between the convolutions.
        dropout: Whether the decoder's innermost full-width levels drop half their features: the only noise there is.
        skip_connections: False gives the encoder-decoder of the paper's ablation (section 4.2).
        upsampling: How the decoder doubles the size: by ``transposed`` convolutions, the paper's, or ``resize``, which
            leaves no grid; see :func:`~gan_lab.networks.upsampling.doubling`. The weights' names are the same.
        refinement_channels: Features of full size that are joined with the source itself and made an image of by two
            3x3 convolutions, ``refinement``; 0 has the last doubling make the image, as in the paper.

    Raises:
        ConfigurationError: If ``image_size`` is no power of two from 32, or a number of channels is out of range.
    """

    def __init__(
        self,
        *,
        in_channels: int = 3,
        out_channels: int = 3,
        image_size: int = 256,
        base_channels: int = 64,
        norm: Norm = "batch",
        dropout: bool = True,
        skip_connections: bool = True,
        upsampling: Upsampling = "transposed",
        refinement_channels: int = 0,
    ) -> None:
        super().__init__()
        fits = image_size >= 32 and is_power_of_two(image_size)
        require(fits, f"image_size must be a power of two and at least 32, got {image_size}")
        channels = {"in_channels": in_channels, "out_channels": out_channels, "base_channels": base_channels}
        require_numbers(channels, at_least=1)
        require_numbers({"refinement_channels": refinement_channels}, at_least=0)
        self.size_multiple = self.smallest_side = image_size
        self.skip_connections = skip_connections
        depth = image_size.bit_length() - 1
        widths = [base_channels * min(2**level, 8) for level in range(depth)]
        self.encoder = _encoder(in_channels, widths, norm)
        self.decoder = _decoder(widths, norm, upsampling, dropout=dropout, skip_connections=skip_connections)
        width = 2 * widths[0] if skip_connections else widths[0]
        last = doubling(upsampling, width, refinement_channels or out_channels, bias=True)
        self.decoder.append(nn.Sequential(nn.ReLU(inplace=True), last, *([] if refinement_channels else [nn.Tanh()])))
        self.refinement = _refinement(refinement_channels, in_channels, out_channels) if refinement_channels else None
        initialize_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Maps a source (B, in_channels, H, W) in [-1, 1] to an image of its size.

        Raises:
            ConfigurationError: If H or W is no multiple of ``size_multiple``.
        """
        wanted = f"its depth takes multiples of {self.size_multiple}: set data.image_size to the model's image_size"
        require_multiples(x, self.size_multiple, "the U-Net", wanted)
        x = as_weights(x, self.encoder[0][0])  # type: ignore[index]  # a Sequential
        source, skips = x, []
        for encode in self.encoder:  # a skip is activated in place by the next level; the decoder's ReLU does not mind
            x = encode(x)
            skips.append(x)
        x = self.decoder[0](skips.pop())
        for decode in self.decoder[1:]:
            skip = skips.pop()
            x = decode(torch.cat([skip, x], dim=1) if self.skip_connections else x)
        return x if self.refinement is None else self.refinement(torch.cat([source, x], dim=1))


def _encoder(in_channels: int, widths: list[int], norm: Norm) -> nn.ModuleList:
    """Levels that each halve the size: C64-C128-C256-C512-... of the appendix."""
    levels = nn.ModuleList()
    for level, width in enumerate(widths):
        outermost, innermost = level == 0, level == len(widths) - 1
        activation = [] if outermost else [nn.LeakyReLU(0.2, inplace=True)]
        before = in_channels if outermost else widths[level - 1]
        convolution = nn.Conv2d(before, width, 4, 2, 1, bias=norm == "instance")  # batch norm has its own
        normalization = [] if outermost or innermost else [norm_layer(norm, width)]
        levels.append(nn.Sequential(*activation, convolution, *normalization))
    return levels


def _decoder(
    widths: list[int], norm: Norm, upsampling: Upsampling, *, dropout: bool, skip_connections: bool
) -> nn.ModuleList:
    """Levels that each double the size, from the innermost out; all but the last."""
    innermost = len(widths) - 1
    levels = nn.ModuleList()
    for level in range(innermost, 0, -1):
        width = 2 * widths[level] if skip_connections and level < innermost else widths[level]
        after = widths[level - 1]
        convolution = doubling(upsampling, width, after, bias=norm == "instance")
        noise = [nn.Dropout(0.5)] if dropout and 4 <= level < innermost else []
        levels.append(nn.Sequential(nn.ReLU(inplace=True), convolution, norm_layer(norm, after), *noise))
    return levels


def _refinement(width: int, in_channels: int, out_channels: int) -> nn.Sequential:
    """From features of full size beside the source to the image."""
    return nn.Sequential(
        nn.Conv2d(in_channels + width, width, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, out_channels, 3, 1, 1),
        nn.Tanh(),
    )


def rename_reference_weights(weights: dict[str, Tensor], generator: UNetGenerator) -> dict[str, Tensor]:
    """Gives the published weights of the authors' PyTorch implementation the names of this one.

    Args:
        weights: A ``*_net_G.pth`` state dict; statistics that old releases stored for instance norm are dropped.
        generator: The network they are for; of the depth and the norm they were trained with.

    Returns:
        A state dict for ``generator.load_state_dict``.

    Raises:
        KeyError: If a tensor of ``generator`` is missing, named by the name it has in the reference.
    """
    return under_own_names(weights, reference_names(generator), generator)


def reference_names(generator: UNetGenerator) -> dict[str, str]:
    """The generator's tensors by name, each with its name in the authors' PyTorch implementation."""
    depth = len(generator.encoder)

    def reference_name(name: str) -> str:
        side, position, layer, tensor = name.split(".")
        place = int(position)
        level = place if side == "encoder" else depth - 1 - place
        if level == 0:
            return f"model.model.{0 if side == 'encoder' else 3}.{tensor}"
        innermost = level == depth - 1
        index = int(layer) + (0 if side == "encoder" else 2 if innermost else 4)
        return "model.model.1" + ".model.3" * (level - 1) + f".model.{index}.{tensor}"

    return {name: reference_name(name) for name in generator.state_dict()}
