"""Convolution whose gradient by the image is cheap to differentiate, as penalties of a discriminator's slope do.

Autograd's own second derivative by the weights is a convolution with kernels as large as the features. It gives what a
weight gradient gives and takes three times as long. Here every derivative is one of the three maps that are linear in
two of image, weight and gradient (a convolution, its input gradient, its weight gradient), and so are their own.
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """``F.conv2d``, with gradients of any order by all that require one.

    Without gradients, under autocast and compiled it is ``F.conv2d`` itself: correct too, and second derivatives want
    full precision.

    Args:
        x: (B, C, H, W).
        weight: (O, C, k, k).
        bias: (O,).
        stride: Pixels from one place of the kernel to the next.
        padding: Zeros on each side.

    Returns:
        (B, O, H', W').
    """
    device = x.device.type
    full_precision = torch.amp.is_autocast_available(device) and not torch.is_autocast_enabled(device)
    if not torch.is_grad_enabled() or not full_precision or torch.compiler.is_compiling():
        return F.conv2d(x, weight, bias, stride, padding)
    with torch.no_grad():
        y = F.conv2d(x, weight, bias, stride, padding)
    parameters = _ParameterBranch.apply(weight, bias, (x, y), stride, padding)
    convolved: Tensor = _InputBranch.apply(x, parameters, (weight, y), stride, padding)
    return convolved


# A Function cannot ask which of its gradients are wanted now: ``needs_input_grad`` only says which tensors require one.
# But nodes that lead nowhere wanted are not run at all. So the parameters hang on a node of their own, and a slope by
# the image alone computes nothing for them. What each branch only reads comes in a tuple, where autograd does not see
# it; saved tensors keep their history, by which gradients of gradients find the way.


class _InputBranch(torch.autograd.Function):
    """The convolution as a function of its input; the gradient of its output goes on to the parameters' branch."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, parameters: Tensor, seen: tuple[Tensor, Tensor], stride: int, padding: int
    ) -> Tensor:
        weight, y = seen
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        by_x = None
        if ctx.needs_input_grad[0]:
            by_x = _InputGradient.apply(gradient, weight, x.detach(), ctx.stride, ctx.padding)
        return by_x, gradient, None, None, None


class _ParameterBranch(torch.autograd.Function):
    """The convolution as a function of weight and bias; its value, which nobody reads, has the output's shape."""

    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, bias: Tensor | None, seen: tuple[Tensor, Tensor], stride: int, padding: int
    ) -> Tensor:
        x, y = seen
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return y.new_zeros(()).expand(y.shape)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        by_weight = by_bias = None
        if ctx.needs_input_grad[0]:
            by_weight = _WeightGradient.apply(gradient, x, weight.detach(), ctx.stride, ctx.padding)
        if ctx.needs_input_grad[1]:
            by_bias = gradient.sum((0, 2, 3))
        return by_weight, by_bias, None, None, None


class _InputGradient(torch.autograd.Function):
    """A convolution's gradient by its input, linear in the gradient of its output and in the weight."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, weight: Tensor, x: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(gradient, weight)
        ctx.stride, ctx.padding = stride, padding
        return _gradient_of_one(False, gradient, x, weight, stride, padding)

    @staticmethod
    def backward(ctx: Any, second: Tensor) -> tuple[Tensor | None, ...]:
        gradient, weight = ctx.saved_tensors
        by_gradient = by_weight = None
        if ctx.needs_input_grad[0]:
            by_gradient = _convolve_as_given(second, weight, ctx.stride, ctx.padding)
        if ctx.needs_input_grad[1]:
            by_weight = _WeightGradient.apply(gradient, second, weight.detach(), ctx.stride, ctx.padding)
        return by_gradient, by_weight, None, None, None


class _WeightGradient(torch.autograd.Function):
    """A convolution's gradient by its weight, linear in the gradient of its output and in the input."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(gradient, x)
        ctx.stride, ctx.padding = stride, padding
        return _gradient_of_one(True, gradient, x, weight, stride, padding)

    @staticmethod
    def backward(ctx: Any, second: Tensor) -> tuple[Tensor | None, ...]:
        gradient, x = ctx.saved_tensors
        by_gradient = by_x = None
        if ctx.needs_input_grad[0]:
            by_gradient = _convolve_as_given(x, second, ctx.stride, ctx.padding)
        if ctx.needs_input_grad[1]:
            by_x = _InputGradient.apply(gradient, second, x.detach(), ctx.stride, ctx.padding)
        return by_gradient, by_x, None, None, None


def _convolve_as_given(x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """In the precision of what is given: a backward pass may run where autocast is on."""
    with torch.autocast(x.device.type, enabled=False):
        return convolve(x, weight, None, stride, padding)


def _gradient_of_one(by_weight: bool, gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """The gradient by the weight or by the input; of whichever it is, only the shape counts."""
    gradients: tuple[Tensor | None, ...] = torch.ops.aten.convolution_backward(
        gradient,
        x,
        weight,
        None,
        [stride, stride],
        [padding, padding],
        [1, 1],
        False,
        [0, 0],
        1,
        [not by_weight, by_weight, False],
    )
    return cast(Tensor, gradients[by_weight])
