import itertools
from unittest.mock import patch

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from gan_lab.losses import gradient_penalty, r1_penalty
from gan_lab.networks import StyleGANDiscriminator
from gan_lab.networks.convolution import convolve

KERNELS = [(1, 1, 0), (3, 1, 1), (3, 2, 1), (4, 2, 1), (3, 1, 0)]  # size, stride, padding: the discriminator's and more
SUBSETS = [wanted for wanted in itertools.product([True, False], repeat=3) if any(wanted)]


def layer(size: int, wanted: tuple[bool, ...] = (True, True, True)) -> list[Tensor]:
    """Image, weight and bias, of which some require gradients."""
    generator = torch.Generator().manual_seed(size)
    shapes = ((2, 2, 6, 6), (3, 2, size, size), (3,))
    tensors = [torch.randn(shape, generator=generator, dtype=torch.double) for shape in shapes]
    return [tensor.requires_grad_(learns) for tensor, learns in zip(tensors, wanted, strict=True)]


class CountedGradients(TorchDispatchMode):
    """Counts the gradients by input and by weight that convolutions compute."""

    def __init__(self) -> None:
        super().__init__()
        self.by_input = self.by_weight = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten.convolution_backward.default:
            self.by_input += args[10][0]
            self.by_weight += args[10][1]
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize(("size", "stride", "padding"), KERNELS)
def test_its_values_are_torchs(size, stride, padding, with_bias):
    x, weight, bias = layer(size)
    given = bias if with_bias else None
    assert torch.equal(convolve(x, weight, given, stride, padding), F.conv2d(x, weight, given, stride, padding))


@pytest.mark.parametrize("wanted", SUBSETS)
@pytest.mark.parametrize(("size", "stride", "padding"), KERNELS)
def test_its_first_and_second_derivatives_are_those_of_differences(size, stride, padding, wanted):
    tensors = layer(size, wanted)

    def computed(x, weight, bias):
        return convolve(x, weight, bias, stride, padding)

    assert torch.autograd.gradcheck(computed, tensors)
    assert torch.autograd.gradgradcheck(computed, tensors)


@pytest.mark.parametrize("wanted", [(True, True), (True, False), (False, True)])
def test_without_a_bias_too(wanted):
    tensors = layer(4, (*wanted, False))[:2]
    assert torch.autograd.gradcheck(lambda x, weight: convolve(x, weight, None, 2, 1), tensors)
    assert torch.autograd.gradgradcheck(lambda x, weight: convolve(x, weight, None, 2, 1), tensors)


def thrice(convolution, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The third derivative in a random direction, of something that has one."""
    value = convolution(x, weight, bias, 2, 1).pow(4).sum()
    for _ in range(2):
        slopes = torch.autograd.grad(value, (x, weight, bias), create_graph=True)
        value = sum((slope * torch.linspace(-1, 1, slope.numel()).view_as(slope)).sum() for slope in slopes)
    return torch.cat([slope.flatten() for slope in torch.autograd.grad(value, (x, weight, bias))])


def test_its_third_derivatives_are_autograds():
    torch.testing.assert_close(thrice(convolve, *layer(4)), thrice(F.conv2d, *layer(4)))


def penalized(loss: str, network: StyleGANDiscriminator, weights: list[Tensor], images: Tensor) -> Tensor:
    """Losses that differentiate gradients by images, by weights, and by both."""
    torch.manual_seed(1)
    real = images.clone().requires_grad_(True)
    logits = network(real)
    if loss == "R1":
        return F.softplus(-logits).mean() + 5 * r1_penalty(logits, real)
    if loss == "WGAN-GP":
        return logits.mean() + 10 * gradient_penalty(network, images, images.flip(0))
    wanted = weights if loss == "weights" else [real, *weights]
    gradients = torch.autograd.grad(logits.square().sum(), wanted, create_graph=True)
    return sum(gradient.square().sum() for gradient in gradients)


@pytest.mark.parametrize("side", [8, 32])  # halved by two operations, and by one fused convolution of stride 2
@pytest.mark.parametrize("loss", ["R1", "WGAN-GP", "weights", "both"])
def test_penalties_of_the_discriminator_have_autograds_gradients(side, loss):
    network = StyleGANDiscriminator(resolution=side, base_channels=64, max_channels=4).double()
    images = torch.randn(4, 3, side, side, dtype=torch.double)
    network(images).sum().backward()
    names, weights = zip(
        *((name, weight) for name, weight in network.named_parameters() if weight.grad is not None), strict=True
    )

    ours = torch.autograd.grad(penalized(loss, network, weights, images), weights)
    with patch("gan_lab.networks.resampling.convolve", F.conv2d):
        theirs = torch.autograd.grad(penalized(loss, network, weights, images), weights)
    assert sum(gradient.abs().max() > 0 for gradient in theirs) > 10
    for name, one, two in zip(names, ours, theirs, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-9 * two.abs().max().item(), msg=name)


@pytest.mark.parametrize("create_graph", [True, False])
@pytest.mark.parametrize(("wanted", "by_weight"), [("image", 0), ("last weight", 1), ("all", 2)])
def test_no_weight_gradient_is_computed_that_nobody_asked_for(wanted, by_weight, create_graph):
    image, one, _ = layer(3)
    two = torch.randn(2, 3, 3, 3, dtype=torch.double, requires_grad=True)
    y = convolve(convolve(image, one, padding=1), two, padding=1).square().sum()
    inputs = {"image": [image], "last weight": [two], "all": [image, one, two]}[wanted]
    with CountedGradients() as counted:
        torch.autograd.grad(y, inputs, create_graph=create_graph)
    assert counted.by_weight == by_weight


def test_a_slope_by_the_image_alone_runs_no_weight_gradient_in_the_discriminator():
    network = StyleGANDiscriminator(resolution=32, base_channels=64, max_channels=4)
    real = torch.randn(2, 3, 32, 32, requires_grad=True)
    logits = network(real)
    with CountedGradients() as counted:
        penalty = r1_penalty(logits, real)
    assert (counted.by_input, counted.by_weight) == (8, 0)  # from_rgb, two a halving of three, and the last one
    with CountedGradients() as counted:
        penalty.backward()
    assert counted.by_weight >= 8


@pytest.mark.parametrize(
    "context", [torch.no_grad, lambda: torch.autocast("cpu", torch.bfloat16)], ids=["no gradients", "autocast"]
)
def test_where_nobody_differentiates_twice_it_is_torchs(context):
    x, weight, bias = (tensor.detach().float().requires_grad_(True) for tensor in layer(3))
    with context():
        ours, theirs = convolve(x, weight, bias, 1, 1), F.conv2d(x, weight, bias, 1, 1)
    assert ours.dtype == theirs.dtype
    assert torch.equal(ours, theirs)
    assert type(ours.grad_fn) is type(theirs.grad_fn)


def test_second_derivatives_keep_full_precision_where_autocast_is_on():
    """Lightning runs a step's backward passes within its autocast."""
    x, weight, bias = (tensor.detach().float().requires_grad_(True) for tensor in layer(3))

    def derivatives() -> tuple[Tensor, ...]:
        (slope,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), (x, weight), retain_graph=True)

    y = convolve(x, weight, bias, padding=1)
    expected = derivatives()
    with torch.autocast("cpu", torch.bfloat16):
        for one, two in zip(derivatives(), expected, strict=True):
            torch.testing.assert_close(one, two)


def test_it_compiles_as_torchs_convolution():
    x, weight, bias = layer(3)
    compiled = torch.compile(convolve, backend="aot_eager", fullgraph=True)
    ours, theirs = (function(x, weight, bias, 1, 1) for function in (compiled, F.conv2d))
    for one, two in zip(*(torch.autograd.grad(y.sum(), (x, weight, bias)) for y in (ours, theirs)), strict=True):
        torch.testing.assert_close(one, two)


def test_shapes_are_known_on_the_meta_device():
    with torch.device("meta"):
        x, weight = torch.empty(2, 3, 8, 8), torch.empty(5, 3, 4, 4, requires_grad=True)
    assert convolve(x, weight, stride=2, padding=1).shape == (2, 5, 4, 4)
