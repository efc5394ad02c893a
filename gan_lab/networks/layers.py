"""Pieces that several networks share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.errors import require
from gan_lab.seeding import draw_seeds, generators_from_seeds

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
def unrecorded(network: nn.Module) -> Iterator[None]:
    """Within, batch norm normalizes as it does, but records no statistics."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    recording = [norm.track_running_stats for norm in norms]
    for norm in norms:
        norm.track_running_stats = norm.track_running_stats and not norm.training
    try:
        yield
    finally:
        for norm, records in zip(norms, recording, strict=True):
            norm.track_running_stats = records


@contextmanager
def inference_behavior(
    network: nn.Module, *, dropout: bool, batch_statistics: bool, seeds: Sequence[int] | None = None
) -> Iterator[None]:
    """Within, the network runs in evaluation mode but for what is asked for; its state is not touched.

    What it makes of a sample depends on no other sample of the batch.

    Args:
        network: The network; on leaving, every layer is as it was.
        dropout: Whether dropout draws noise as in training, for each sample by itself.
        batch_statistics: Whether batch norm normalizes by the sample at hand, as training on batches of one does,
            without recording it.
        seeds: What each sample's noise follows from, from 0 to 2**32 - 1; None to draw them.
    """
    modes = [(layer, layer.training) for layer in network.modules()]
    network.eval()
    noise = _NoiseBySample(seeds)
    changed: list[nn.Module] = []
    for layer in network.modules():
        if isinstance(layer, nn.Dropout) and dropout:
            layer.forward = partial(noise.drop, layer.p)  # type: ignore[method-assign]
            changed.append(layer)
        elif isinstance(layer, nn.modules.batchnorm._BatchNorm) and batch_statistics:
            layer.forward = partial(_normalize_samples, layer)  # type: ignore[method-assign]
            changed.append(layer)
    try:
        yield
    finally:
        for layer in changed:
            del layer.forward
        for layer, mode in modes:
            layer.training = mode


class _NoiseBySample:
    """Dropout whose noise each sample draws from a generator of its own, in all layers of a network one after another.

    A sample alone in its batch has what torch's dropout draws from the global generator.
    """

    def __init__(self, seeds: Sequence[int] | None) -> None:
        self._seeds = seeds
        self._generators: list[torch.Generator] | None = None

    def drop(self, share: float, x: Tensor) -> Tensor:
        """Zeroes a share of the features (B, ...), and makes up for it in the others."""
        if self._generators is None:
            seeds = draw_seeds(len(x)) if self._seeds is None else self._seeds
            self._generators = generators_from_seeds(seeds, x.device)
        kept = torch.empty_like(x)
        for sample, generator in zip(kept.split(1), self._generators, strict=True):
            sample.bernoulli_(1 - share, generator=generator)
        return x * kept.div_(1 - share)


def _normalize_samples(norm: nn.modules.batchnorm._BatchNorm, x: Tensor) -> Tensor:
    """Batch norm of each sample (B, C, ...) by its own mean and variance."""
    samples, channels = x.shape[:2]
    weight, bias = (None if one is None else one.repeat(samples) for one in (norm.weight, norm.bias))
    apart = x.reshape(1, samples * channels, *x.shape[2:])
    return F.batch_norm(apart, None, None, weight, bias, training=True, eps=norm.eps).view(x.shape)


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
