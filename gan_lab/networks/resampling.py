"""Equalized layers, blur and fused changes of resolution (ProGAN section 4.1; StyleGAN section 2 and appendix B)."""

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.networks.convolution import convolve
from gan_lab.precision import at_least_float32

Resampling = Literal["up", "down"]

FUSED_FROM = 32  # pixels on the larger side, where one strided convolution begins to cost less than two operations


class EqualizedLinear(nn.Module):
    """A dense layer whose weights are stored as N(0, 1) and scaled when used, so that Adam moves all layers alike.

    Args:
        in_features: Numbers in.
        out_features: Numbers out.
        gain: Factor of He's standard deviation: sqrt(2) before a leaky ReLU, 1 without an activation.
        lr_multiplier: How much slower than the others the layer learns, weights and biases alike.
        bias: Whether each number gets a bias.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        gain: float = math.sqrt(2),
        lr_multiplier: float = 1.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.zeros(out_features)) if bias else None
        self.scale = gain / math.sqrt(in_features) * lr_multiplier
        self.lr_multiplier = lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, in_features) to (B, out_features)."""
        bias = None if self.bias is None else self.bias * self.lr_multiplier
        return F.linear(x, self.weight * self.scale, bias)


class EqualizedConv2d(nn.Module):
    """A convolution of stride 1 that keeps the size, with weights as in :class:`EqualizedLinear`.

    It may double the size before by nearest neighbors, or halve it after by the mean of 2x2.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: 1 or 3; 3 where there is a resampling.
        gain: Factor of He's standard deviation.
        bias: Whether each channel gets a bias.
        resampling: What is done to the size.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        *,
        gain: float = math.sqrt(2),
        bias: bool = True,
        resampling: Resampling | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.scale = gain / math.sqrt(in_channels * kernel_size**2)
        self.resampling = resampling

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, in_channels, H, W) to (B, out_channels, H', W')."""
        weight = self.weight * self.scale
        match self.resampling:
            case "up":
                return upsampled_conv(x, weight, self.bias)
            case "down":
                return downsampled_conv(x, weight, self.bias)
        return convolve(x, weight, self.bias, padding=weight.shape[-1] // 2)


class Blur(nn.Module):
    """Smooths by [1, 2, 1] x [1, 2, 1] / 16 with zeros around the image; differentiable any number of times."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        row = torch.tensor([0.25, 0.5, 0.25])
        self.register_buffer("kernel", torch.outer(row, row), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) to the same shape."""
        smoothed: Tensor = _Smoothing.apply(x, self.kernel)
        return smoothed


def upsampled_conv(x: Tensor, weight: Tensor, bias: Tensor | None = None, fused: bool | None = None) -> Tensor:
    """Doubles the size by nearest neighbors, then convolves.

    Fused, it is one transposed convolution of stride 2 whose kernel is the sum of four shifts of the 3x3 kernel,
    turned by 180 degrees: 2.25 times fewer multiplications for the same result.

    Args:
        x: (B, C, H, W).
        weight: (O, C, 3, 3).
        bias: (O,).
        fused: How; None for what is faster at this size.

    Returns:
        (B, O, 2 H, 2 W).
    """
    if 2 * x.shape[-1] >= FUSED_FROM if fused is None else fused:
        kernel = _spread(weight.flip(2, 3)).transpose(0, 1)
        return F.conv_transpose2d(x, kernel, bias, stride=2, padding=1)
    return F.conv2d(upsample(x), weight, bias, padding=1)


def downsampled_conv(x: Tensor, weight: Tensor, bias: Tensor | None = None, fused: bool | None = None) -> Tensor:
    """Convolves, then halves the size by the mean of 2x2; fused, in one convolution of stride 2.

    Args:
        x: (B, C, H, W), sides even.
        weight: (O, C, 3, 3).
        bias: (O,).
        fused: How; None for what is faster at this size.

    Returns:
        (B, O, H / 2, W / 2).
    """
    if x.shape[-1] >= FUSED_FROM if fused is None else fused:
        return convolve(x, _spread(weight) / 4, bias, stride=2, padding=1)
    return downsample(convolve(x, weight, bias, padding=1))


def upsample(x: Tensor) -> Tensor:
    """Doubles height and width by nearest neighbors."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


def downsample(x: Tensor) -> Tensor:
    """Halves height and width by the mean of 2x2."""
    return F.avg_pool2d(x, 2)


def pixel_norm(x: Tensor) -> Tensor:
    """Divides by the root mean square over channels (ProGAN, section 4.2), eps 1e-8."""
    full = at_least_float32(x)
    return (full * torch.rsqrt(full.square().mean(dim=1, keepdim=True) + 1e-8)).to(x.dtype)


class _Smoothing(torch.autograd.Function):
    """A symmetric kernel with zeros around the image is its own adjoint, and so the derivative of the derivative.

    Autograd would go through a depthwise convolution's second derivative group by group.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor) -> Tensor:
        ctx.kernel = kernel
        return F.conv2d(x, kernel.to(x.dtype).expand(x.shape[1], 1, 3, 3), padding=1, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Smoothing.apply(gradient, ctx.kernel), None


def _spread(weight: Tensor) -> Tensor:
    """The sum of a kernel's four shifts by one pixel: 3x3 becomes 4x4."""
    padded = F.pad(weight, (1, 1, 1, 1))
    return padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1] + padded[..., :-1, :-1]


def fade(real: Tensor, alpha: float) -> Tensor:
    """Blends real images with themselves at half the resolution, as generated ones are while a doubling is faded in."""
    return real if alpha == 1 else torch.lerp(upsample(downsample(real)), real, alpha)
