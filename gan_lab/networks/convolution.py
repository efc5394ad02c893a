"""Convolution for penalties of a discriminator's slope, whose gradient by the image is itself differentiated.

Autograd's own second derivative by the weights is a convolution with kernels as large as the features. It gives what a
weight gradient gives and takes three times as long.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_penalized = False


@contextmanager
def penalized_slope(device_type: str) -> Iterator[None]:
    """Within it, networks of :func:`convolve` give slopes that are cheap to differentiate, in full precision.

    A gradient taken with ``create_graph`` of what they computed here must be one by their input: their weights get
    none. Every other gradient, that of a loss with such a slope in it too, is as usual.

    Args:
        device_type: ``cpu`` or ``cuda``: where autocast is turned off.
    """
    global _penalized
    before, _penalized = _penalized, True
    try:
        with torch.autocast(device_type, enabled=False):
            yield
    finally:
        _penalized = before


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """``F.conv2d``, in :func:`penalized_slope` too.

    Args:
        x: (B, C, H, W).
        weight: (O, C, k, k).
        bias: (O,).
        stride: Pixels from one place of the kernel to the next.
        padding: Zeros on each side.

    Returns:
        (B, O, H', W').
    """
    if not _penalized:
        return F.conv2d(x, weight, bias, stride, padding)
    convolved: Tensor = _Convolution.apply(x, weight, bias, stride, padding)
    return convolved


class _Convolution(torch.autograd.Function):
    """Gradients by input, weight and bias; where a graph is made of them, by the input alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        if torch.is_grad_enabled():
            by_input = _InputGradient.apply(gradient, x.detach(), weight, ctx.stride, ctx.padding)
            return by_input, None, None, None, None
        wanted = list(ctx.needs_input_grad[:3])
        return *_gradients(wanted, gradient, x, weight, ctx.stride, ctx.padding), None, None


class _InputGradient(torch.autograd.Function):
    """A convolution's gradient by its input, linear in the gradient of its output and in the weight."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(gradient, weight)
        ctx.stride, ctx.padding = stride, padding
        by_input = _gradients([True, False, False], gradient, x, weight, stride, padding)[0]
        assert by_input is not None
        return by_input

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, second: Tensor) -> tuple[Tensor | None, ...]:
        gradient, weight = ctx.saved_tensors
        by_gradient = F.conv2d(second, weight, None, ctx.stride, ctx.padding) if ctx.needs_input_grad[0] else None
        wanted = [False, ctx.needs_input_grad[2], False]
        by_weight = _gradients(wanted, gradient, second, weight, ctx.stride, ctx.padding)[1]
        return by_gradient, None, by_weight, None, None


def _gradients(
    wanted: list[bool], gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients by input, weight and bias, those that are wanted."""
    gradients: tuple[Tensor | None, Tensor | None, Tensor | None] = torch.ops.aten.convolution_backward(
        gradient,
        x,
        weight,
        [len(weight)],
        [stride, stride],
        [padding, padding],
        [1, 1],
        False,
        [0, 0],
        1,
        wanted,
    )
    return gradients
