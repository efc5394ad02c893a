"""In what precision things are computed that half precision is too coarse for.

Losses, penalties, statistics, colors, coordinates and measures are taken in float32 at least, and in float64 where they
are of float64. Random numbers are drawn in float32 in every precision: a seed's are the same in all.
"""

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """Half precision as float32; anything else as it is."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def full_precision(tensor: Tensor) -> torch.autocast:
    """Within, what is computed on the tensor's device keeps the precision of its inputs: autocast is off."""
    return torch.autocast(tensor.device.type, enabled=False)


def normal(*shape: int, like: Tensor) -> Tensor:
    """N(0, 1) of the global generator of a tensor's device, in its precision."""
    return torch.randn(shape, dtype=torch.float32, device=like.device).to(like.dtype)
