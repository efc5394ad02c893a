"""The residual generator of CycleGAN (Zhu et al. 2017, appendix 7.2, after Johnson et al. 2016)."""

from torch import Tensor, nn

from gan_lab.errors import require_numbers
from gan_lab.networks.layers import Norm, as_weights, initialize_normal, norm_layer, require_multiples
from gan_lab.networks.reference_weights import under_own_names
from gan_lab.networks.upsampling import Upsampling, doubling


class ResNetGenerator(nn.Module):
    """Halves the image twice, transforms it in residual blocks, doubles it twice.

    Tensor for tensor the shapes of the authors' PyTorch implementation, whose published weights load through
    :func:`rename_reference_weights`: 11,378,179 parameters with 9 blocks and instance norm, 7,837,699 with 6.

    Args:
        in_channels: Channels of the source.
        out_channels: Channels of the image made.
        base_channels: Features of the first layer; the blocks have four times as many.
        blocks: Residual blocks: 6 for images of 128 pixels, 9 from 256 in the paper.
        norm: Normalization between the convolutions.
        dropout: Whether each block drops half its features.
        upsampling: How the size is doubled: by ``transposed`` convolutions, the paper's, or ``resize``, which leaves no
            grid; see :func:`~gan_lab.networks.upsampling.doubling`. The weights' names are the same.

    Raises:
        ConfigurationError: If ``blocks`` or a number of channels is less than 1.
    """

    size_multiple = 4
    smallest_side = 8  # a quarter of it is mirrored by a pixel, and has a variance

    def __init__(
        self,
        *,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        blocks: int = 9,
        norm: Norm = "instance",
        dropout: bool = False,
        upsampling: Upsampling = "transposed",
    ) -> None:
        super().__init__()
        channels = {"in_channels": in_channels, "out_channels": out_channels, "base_channels": base_channels}
        require_numbers({"blocks": blocks, **channels}, at_least=1)
        bias = norm == "instance"  # batch norm has its own
        width = base_channels
        layers: list[nn.Module] = [  # c7s1-64
            nn.ReflectionPad2d(3),
            nn.Conv2d(in_channels, width, 7, bias=bias),
            norm_layer(norm, width),
            nn.ReLU(inplace=True),
        ]
        for _ in range(2):  # d128, d256
            layers += [
                nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias),
                norm_layer(norm, 2 * width),
                nn.ReLU(inplace=True),
            ]
            width *= 2
        layers += [ResidualBlock(width, norm, dropout) for _ in range(blocks)]  # R256
        for _ in range(2):  # u128, u64
            layers += [
                doubling(upsampling, width, width // 2, bias=bias, kernel=3),
                norm_layer(norm, width // 2),
                nn.ReLU(inplace=True),
            ]
            width //= 2
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, out_channels, 7), nn.Tanh()]  # c7s1-3
        self.layers = nn.Sequential(*layers)
        initialize_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """Maps a source (B, in_channels, H, W) in [-1, 1] to an image of its size.

        Raises:
            ConfigurationError: If H or W is no multiple of 4.
        """
        wanted = f"takes multiples of {self.size_multiple}: set data.image_size to one"
        require_multiples(x, self.size_multiple, "the ResNet", wanted)
        image: Tensor = self.layers(as_weights(x, self.layers[1]))
        return image


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose result is added to the input, with no activation after the sum."""

    def __init__(self, channels: int, norm: Norm, dropout: bool) -> None:
        super().__init__()
        bias = norm == "instance"
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm_layer(norm, channels),
            nn.ReLU(inplace=True),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm_layer(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Keeps the shape."""
        change: Tensor = self.layers(x)
        return x + change


def rename_reference_weights(weights: dict[str, Tensor], generator: ResNetGenerator) -> dict[str, Tensor]:
    """Gives the published weights of the authors' PyTorch implementation the names of this one.

    Args:
        weights: A ``*_net_G.pth`` state dict; statistics that old releases stored for instance norm are dropped.
        generator: The network they are for, built with their blocks, norm and dropout.

    Returns:
        A state dict for ``generator.load_state_dict``.

    Raises:
        KeyError: If a tensor of ``generator`` is missing, named by the name it has in the reference.
    """

    def reference_name(name: str) -> str:
        _, index, *rest = name.split(".")  # layers.10.layers.1.weight is model.10.conv_block.1.weight
        return ".".join(["model", index, *(["conv_block", *rest[1:]] if rest[0] == "layers" else rest)])

    names = {name: reference_name(name) for name in generator.state_dict()}
    return under_own_names(weights, names, generator)
