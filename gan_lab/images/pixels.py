"""Between the networks' [-1, 1] and the bytes of image files."""

import torch
from torch import Tensor

from gan_lab.precision import at_least_float32


def to_bytes(images: Tensor) -> Tensor:
    """Images in [-1, 1], of any shape, as uint8: rounded, and clamped to 0 and 255."""
    return at_least_float32(images.detach()).mul(127.5).add(127.5).round().clamp(0, 255).to(torch.uint8)


def from_bytes(images: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Images in uint8, of any shape, as float32 or float64 in [-1, 1]."""
    return images.to(dtype, copy=True).div_(127.5).sub_(1)
