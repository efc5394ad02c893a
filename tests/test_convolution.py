import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gan_lab.networks.convolution import convolve, penalized_slope

KERNELS = [(1, 1, 0), (3, 1, 1), (4, 2, 1)]  # size, stride, padding: those of the discriminator


def layer(size: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(size)
    shapes = ((2, 3, 6, 6), (5, 3, size, size), (5,))
    x, weight, bias = (torch.randn(shape, generator=generator, dtype=torch.double) for shape in shapes)
    return x.requires_grad_(True), weight.requires_grad_(True), bias.requires_grad_(True)


def penalized(y: Tensor, x: Tensor) -> Tensor:
    """A loss that wants the slope's derivatives beside its own."""
    logits = y.square().mean()
    (slope,) = torch.autograd.grad(logits, x, create_graph=True)
    return logits + slope.square().sum()


@pytest.mark.parametrize(("size", "stride", "padding"), KERNELS)
def test_a_penalized_slope_has_autograds_derivatives(size, stride, padding):
    x, weight, bias = layer(size)
    expected = torch.autograd.grad(penalized(F.conv2d(x, weight, bias, stride, padding), x), (x, weight, bias))
    with penalized_slope("cpu"):
        loss = penalized(convolve(x, weight, bias, stride, padding), x)
    for ours, theirs in zip(torch.autograd.grad(loss, (x, weight, bias)), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(("size", "stride", "padding"), KERNELS)
def test_a_slope_of_a_frozen_layer_has_autograds_derivatives(size, stride, padding):
    x, weight, _ = layer(size)
    weight.requires_grad_(False)
    (expected,) = torch.autograd.grad(penalized(F.conv2d(x, weight, None, stride, padding), x), x)
    with penalized_slope("cpu"):
        loss = penalized(convolve(x, weight, None, stride, padding), x)
    torch.testing.assert_close(torch.autograd.grad(loss, x)[0], expected)


def test_a_graph_of_gradients_has_none_by_the_weights():
    x, weight, _ = layer(3)
    with penalized_slope("cpu"):
        y = convolve(x, weight, padding=1).sum()
    with pytest.raises(RuntimeError, match="not have been used"):
        torch.autograd.grad(y, weight, create_graph=True)


def test_elsewhere_convolutions_are_torchs():
    x, weight, bias = layer(3)
    with pytest.raises(KeyboardInterrupt), penalized_slope("cpu"):
        raise KeyboardInterrupt
    y = convolve(x, weight, bias, padding=1)
    assert y.grad_fn.name() == "ConvolutionBackward0"
    assert torch.equal(y, F.conv2d(x, weight, bias, padding=1))
