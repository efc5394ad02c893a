"""In what precision things are computed that half precision is too coarse for.

Losses, penalties, statistics, colors, coordinates and measures are taken in float32 at least, and in float64 where they
are of float64. Random numbers are drawn in float32 in every precision: a seed's are the same in all.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from gan_lab.seeding import generators_from_seeds


def at_least_float32(x: Tensor) -> Tensor:
    """Half precision as float32; anything else as it is."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def full_precision(tensor: Tensor) -> torch.autocast:
    """Within, what is computed on the tensor's device keeps the precision of its inputs: autocast is off."""
    return torch.autocast(tensor.device.type, enabled=False)


def normal(*shape: int, like: Tensor) -> Tensor:
    """N(0, 1) of the global generator of a tensor's device, in its precision."""
    return torch.randn(shape, dtype=torch.float32, device=like.device).to(like.dtype)


def normal_by_seeds(seeds: Iterable[int], *shape: int, like: Tensor) -> Tensor:
    """N(0, 1) for each seed by itself, (len(seeds), *shape), on the device of a tensor and in its precision.

    One seed's are those of :func:`normal` once the global generators have it; other than those of
    :func:`gan_lab.seeding.normal_from_seeds` they may differ from device to device.
    """
    generators = generators_from_seeds(seeds, like.device)
    drawn = [torch.randn(1, *shape, dtype=torch.float32, device=like.device, generator=one) for one in generators]
    return torch.cat(drawn).to(like.dtype)
