"""Pieces that several networks share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, cast, get_args

from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.errors import require

Norm = Literal["batch", "instance"]


def require_multiples(images: Tensor, multiple: int, network: str, wanted: str) -> None:
    """Raises a ConfigurationError for images (..., H, W) of other sides: ``network`` got them, but ``wanted``."""
    height, width = images.shape[-2:]
    fits = height % multiple == 0 and width % multiple == 0
    require(fits, f"{network} got {width} x {height} pixels, but {wanted}")


def as_weights(x: Tensor, layer: nn.Module) -> Tensor:
    """The input of a network in the precision of its layers' weights, whatever it comes in."""
    return x.to(cast(Tensor, layer.weight).dtype)


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """Batch norm, or instance norm without affine parameters or running statistics.

    Instance norm is group norm with one channel a group: the same maths and the same (empty) state, but torch's
    ``InstanceNorm2d`` returns wrong gradients for a single image in channels_last layout, and is slower.

    Raises:
        ConfigurationError: If ``norm`` is neither.
    """
    require(norm in get_args(Norm), f"norm must be 'batch' or 'instance', got {norm!r}")
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.GroupNorm(channels, channels, affine=False)


def initialize_normal(network: nn.Module, std: float = 0.02) -> None:
    """Draws every convolution's weights from N(0, std), batch norm's scales from N(1, std), and zeroes the biases.

    Pix2Pix (appendix 6.2), CycleGAN (appendix 7.1) and DCGAN (section 3) all start so, with std = 0.02.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, 0.0, std)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, std)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Within, the network passes gradients through to its input but collects none of its own."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


@contextmanager
def inference_behavior(network: nn.Module, *, dropout: bool, batch_statistics: bool) -> Iterator[None]:
    """Within, the network runs in evaluation mode but for what is asked for; its state is not touched.

    Args:
        network: The network; on leaving, every layer's mode is as it was.
        dropout: Whether dropout draws noise as in training.
        batch_statistics: Whether batch norm normalizes by the batch at hand, as in training, without recording it.
    """
    modes = [(layer, layer.training) for layer in network.modules()]
    network.eval()
    norms = [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    for layer in network.modules():
        if isinstance(layer, nn.Dropout):
            layer.train(dropout)
    recorded = [(norm, norm.running_mean, norm.running_var) for norm in norms]
    if batch_statistics:  # without any recorded, those of the batch are taken; in training mode, of all processes'
        for norm in norms:
            norm.running_mean = norm.running_var = None
    try:
        yield
    finally:
        for norm, mean, variance in recorded:
            norm.running_mean, norm.running_var = mean, variance
        for layer, mode in modes:
            layer.training = mode


def pad_to_multiple(images: Tensor, multiple: int, at_least: int = 1) -> tuple[Tensor, tuple[slice, slice]]:
    """Pads height and width evenly to multiples of ``multiple``.

    Args:
        images: (B, C, H, W).
        multiple: What the padded sides are multiples of.
        at_least: The shortest padded side, a multiple too.

    Returns:
        The padded images, mirrored at the border (or repeating the edge where an image is too small to mirror), and
        the rows and columns in which the original lies.
    """
    height, width = images.shape[-2:]
    vertical, horizontal = (max(side + -side % multiple, at_least) - side for side in (height, width))
    top, left = vertical // 2, horizontal // 2
    inside = slice(top, top + height), slice(left, left + width)
    if not vertical and not horizontal:
        return images, inside
    fits = vertical - top < height and horizontal - left < width
    padding = (left, horizontal - left, top, vertical - top)
    return F.pad(images, padding, mode="reflect" if fits else "replicate"), inside
