"""The U-Net generator of Pix2Pix (Isola et al. 2017, section 3.2.1 and appendix 6.1.1)."""

import torch
from torch import Tensor, nn

from gan_lab.networks.layers import Norm, initialize_normal, norm_layer, require_at_least_one, require_multiples


class UNetGenerator(nn.Module):
    """Halves the image down to 1x1 and doubles it back, each level joined to its mirror by a skip connection.

    Tensor for tensor the shapes of the authors' PyTorch implementation, whose published weights load through
    :func:`rename_reference_weights`: at 256 pixels 54,413,955 parameters with batch
    norm, 54,409,603 with instance norm.

    Args:
        in_channels: Channels of the source.
        out_channels: Channels of the image made.
        image_size: Training resolution in pixels, a power of two from 32; log2 of it is the depth.
        base_channels: Features of the first level; deeper levels double it up to eight times.
        norm: Normalisation between the convolutions.
        dropout: Whether the decoder's innermost full-width levels drop half their features: the only noise there is.
        skip_connections: False gives the encoder-decoder of the paper's ablation (section 4.2).

    Raises:
        ValueError: If ``image_size`` is no power of two from 32, or a number of channels is below 1.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        image_size: int = 256,
        base_channels: int = 64,
        norm: Norm = "batch",
        dropout: bool = True,
        skip_connections: bool = True,
    ) -> None:
        super().__init__()
        if image_size < 32 or image_size & (image_size - 1):
            raise ValueError(f"image_size must be a power of two and at least 32, got {image_size}")
        require_at_least_one(in_channels=in_channels, out_channels=out_channels, base_channels=base_channels)
        self.size_multiple = image_size
        self.skip_connections = skip_connections
        depth = image_size.bit_length() - 1
        widths = [min(base_channels * 2**level, base_channels * 8) for level in range(depth)]
        bias = norm == "instance"  # batch norm has its own

        self.encoder = nn.ModuleList()  # each halves: C64-C128-C256-C512-... of the appendix
        for level, width in enumerate(widths):
            outermost, innermost = level == 0, level == depth - 1
            activation = [] if outermost else [nn.LeakyReLU(0.2, inplace=True)]
            convolution = nn.Conv2d(in_channels if outermost else widths[level - 1], width, 4, 2, 1, bias=bias)
            normalisation = [] if outermost or innermost else [norm_layer(norm, width)]
            self.encoder.append(nn.Sequential(*activation, convolution, *normalisation))

        self.decoder = nn.ModuleList()  # each doubles, from the innermost out
        for level in range(depth - 1, 0, -1):
            width = widths[level] if level == depth - 1 or not skip_connections else 2 * widths[level]
            transposed = nn.ConvTranspose2d(width, widths[level - 1], 4, 2, 1, bias=bias)
            noise = [nn.Dropout(0.5)] if dropout and 4 <= level < depth - 1 else []
            self.decoder.append(
                nn.Sequential(nn.ReLU(inplace=True), transposed, norm_layer(norm, widths[level - 1]), *noise)
            )
        width = 2 * base_channels if skip_connections else base_channels
        self.decoder.append(
            nn.Sequential(nn.ReLU(inplace=True), nn.ConvTranspose2d(width, out_channels, 4, 2, 1), nn.Tanh())
        )
        initialize_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Maps a source (B, in_channels, H, W) in [-1, 1] to an image of its size.

        Raises:
            ConfigurationError: If H or W is no multiple of ``size_multiple``.
        """
        wanted = f"its depth takes multiples of {self.size_multiple}: set data.image_size to the model's image_size"
        require_multiples(x, self.size_multiple, "the U-Net", wanted)
        skips = []
        for encode in self.encoder:  # a skip is activated in place by the next level; the decoder's ReLU does not mind
            x = encode(x)
            skips.append(x)
        x = self.decoder[0](skips.pop())
        for decode in self.decoder[1:]:
            skip = skips.pop()
            x = decode(torch.cat([skip, x], dim=1) if self.skip_connections else x)
        return x


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

    return {name: weights[reference_name(name)] for name in generator.state_dict()}
