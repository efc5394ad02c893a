"""Stacked hourglasses: the pose network and its discriminator (Newell et al. 2016; Wang et al., IEEE Access 2019)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.errors import require, require_numbers
from gan_lab.networks.attention import (
    PAPER_WEIGHTS,
    AttentionForm,
    PaperAttentionResidual,
    Residual,
    Variant,
    attention_residual,
)
from gan_lab.networks.layers import as_weights

STRIDE = 4  # image pixels to a cell of a heatmap, along a side: a convolution of stride 2 and a pooling


@dataclass(frozen=True, slots=True, kw_only=True)
class HourglassSettings:
    """What the pose network and its discriminator are built of.

    Attributes:
        joints: Heatmaps (K).
        depth: Times an hourglass halves its map.
        channels: Features, a multiple of 8.
        attention: How attention is computed, if at all.
        variant: The attention modules' variant; None for the release's: ``B`` in the network, ``A`` in the other.
        key_pool: Side of the max-pooling of keys and values in ``fused``; 1 for none.

    Raises:
        ConfigurationError: If a size is too small or ``channels`` is no multiple of 8.
    """

    joints: int = 16
    depth: int = 4
    channels: int = 256
    attention: AttentionForm = "fused"
    variant: Variant | None = None
    key_pool: int = 2

    def __post_init__(self) -> None:
        require_numbers({"joints": self.joints, "depth": self.depth}, at_least=1)
        require(self.channels > 0 and self.channels % 8 == 0, f"channels must be a multiple of 8, got {self.channels}")


class Hourglass(nn.Module):
    """Halves the map ``depth`` times and doubles it again, with a skip connection at each size; keeps the shape.

    Args:
        depth: Times the map is halved.
        channels: Features at every size.
        residuals: Residual modules in a row, wherever there is one.
        skip: Makes a skip connection's modules; None for residual modules.
    """

    def __init__(
        self, *, depth: int, channels: int, residuals: int = 1, skip: Callable[[], nn.Module] | None = None
    ) -> None:
        super().__init__()

        def row() -> nn.Module:
            return residual_row(channels, residuals)

        self.skip = (skip or row)()
        self.down = row()
        self.inner = (
            Hourglass(depth=depth - 1, channels=channels, residuals=residuals, skip=skip) if depth > 1 else row()
        )
        self.up = row()

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W), sides multiples of 2^depth, to (B, C, H, W)."""
        below = self.up(self.inner(self.down(F.max_pool2d(x, 2))))
        whole: Tensor = self.skip(x) + F.interpolate(below, scale_factor=2, mode="nearest")
        return whole


class StackedHourglass(nn.Module):
    """Hourglasses in a row, each of which predicts all heatmaps and passes them on to the next.

    The first is the standard one; the others end in a self-attention residual module. With ``fused`` attention it
    takes the place of the residual module before the prediction and keeps the channels; with ``explicit`` and
    ``sigmoid`` it makes the prediction itself, of as many channels as there are joints, as in the authors' release.
    Without attention 12.86 million parameters for 4 stacks and 16 joints.

    Args:
        settings: Its sizes and its attention.
        stacks: Hourglasses.
        residuals: Residual modules in a row.

    Raises:
        ConfigurationError: If a size is too small.
    """

    def __init__(self, settings: HourglassSettings | None = None, *, stacks: int = 4, residuals: int = 1) -> None:
        super().__init__()
        settings = settings or HourglassSettings()
        require_numbers({"stacks": stacks, "residuals": residuals}, at_least=1)
        joints, channels, variant = settings.joints, settings.channels, settings.variant or "B"
        self.size_multiple = STRIDE * 2**settings.depth
        self.stem = nn.Sequential(*_stem(3, channels, strided=True))
        self.hourglasses = nn.ModuleList(
            Hourglass(depth=settings.depth, channels=channels, residuals=residuals) for _ in range(stacks)
        )
        self.features = nn.ModuleList()
        self.heads = nn.ModuleList()
        for stack in range(stacks):
            form: AttentionForm = settings.attention if stack else "none"
            kept: AttentionForm = "none" if form in PAPER_WEIGHTS else form  # the paper's is part of the prediction
            last = attention_residual(channels, variant=variant, form=kept, key_pool=settings.key_pool)
            self.features.append(
                nn.Sequential(residual_row(channels, residuals - 1), last, *_conv_norm_relu(channels, channels))
            )
            self.heads.append(_head(channels, joints, variant, form))
        self.from_features = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(stacks - 1))
        self.from_heatmaps = nn.ModuleList(nn.Conv2d(joints, channels, 1) for _ in range(stacks - 1))

    def forward(self, x: Tensor) -> Tensor:
        """Maps images (B, 3, H, W) in [-1, 1], sides multiples of ``size_multiple``, to (S, B, K, H/4, W/4).

        The heatmaps of all S stacks, the last one's last.
        """
        x = self.stem(as_weights(x, self.stem[0]))
        heatmaps = []
        for stack, hourglass in enumerate(self.hourglasses):
            features = self.features[stack](hourglass(x))
            heatmaps.append(self.heads[stack](features))
            if stack < len(self.hourglasses) - 1:
                x = x + self.from_features[stack](features) + self.from_heatmaps[stack](heatmaps[-1])
        return torch.stack(heatmaps)


class HeatmapDiscriminator(nn.Module):
    """One hourglass that reconstructs an image's heatmaps: it is trained to do well on real ones alone.

    Its skip connections are self-attention residual modules. 3.43 million parameters without attention.

    Args:
        settings: Its sizes and its attention.
    """

    def __init__(self, settings: HourglassSettings | None = None) -> None:
        super().__init__()
        settings = settings or HourglassSettings()
        joints, channels = settings.joints, settings.channels
        skip = partial(
            attention_residual,
            channels,
            variant=settings.variant or "A",
            form=settings.attention,
            key_pool=settings.key_pool,
        )
        self.layers = nn.Sequential(
            *_stem(3 + joints, channels, strided=False),
            Hourglass(depth=settings.depth, channels=channels, skip=skip),
            Residual(channels, channels),
            *_conv_norm_relu(channels, channels),
            nn.Conv2d(channels, joints, 1),
        )

    def forward(self, images: Tensor, heatmaps: Tensor) -> Tensor:
        """Reconstructs heatmaps (B, K, H/4, W/4) from themselves and their images (B, 3, H, W), each pixel averaged."""
        small = F.avg_pool2d(images, STRIDE)
        seen = as_weights(torch.cat([small, heatmaps], dim=1), self.layers[0])
        reconstructed: Tensor = self.layers(seen)
        return reconstructed


def residual_row(channels: int, count: int) -> nn.Sequential:
    """Residual modules in a row, which keep the shape."""
    return nn.Sequential(*(Residual(channels, channels) for _ in range(count)))


def _stem(in_channels: int, channels: int, *, strided: bool) -> list[nn.Module]:
    """From images to features, of the same side or, strided, of a quarter of it (Newell et al. 2016, section 3.1)."""
    first = _conv_norm_relu(in_channels, channels // 4, *((7, 2) if strided else (3, 1)))
    pooling = [nn.MaxPool2d(2)] if strided else []
    widen = Residual(channels // 4, channels // 2)
    return [*first, widen, *pooling, Residual(channels // 2, channels // 2), Residual(channels // 2, channels)]


def _conv_norm_relu(in_channels: int, out_channels: int, kernel_size: int = 1, stride: int = 1) -> list[nn.Module]:
    """A convolution, which keeps the side but for its stride, batch norm and ReLU."""
    return [
        nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


def _head(channels: int, joints: int, variant: Variant, form: AttentionForm) -> nn.Module:
    """What predicts the heatmaps: a convolution, after the paper's attention where it has the paper's shapes."""
    if form not in PAPER_WEIGHTS:
        return nn.Conv2d(channels, joints, 1)
    attention = PaperAttentionResidual(channels, joints, variant=variant, weights=PAPER_WEIGHTS[form])
    return nn.Sequential(attention, nn.Conv2d(joints, joints, 1))
