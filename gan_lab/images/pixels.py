"""Between the networks' [-1, 1] and the bytes of image files."""

import torch
from torch import Tensor


def to_bytes(images: Tensor) -> Tensor:
    """Images in [-1, 1], of any shape, as uint8: rounded, and clamped to 0 and 255."""
    return images.detach().float().mul(127.5).add(127.5).round().clamp(0, 255).to(torch.uint8)


def from_bytes(images: Tensor) -> Tensor:
    """Images in uint8, of any shape, as float32 in [-1, 1]."""
    return images.to(torch.float32, copy=True).div_(127.5).sub_(1)
