"""Perceptual path length: how smoothly images follow their codes (StyleGAN, section 4.1)."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan_lab.precision import at_least_float32

WIDEST = 256  # pixels at which images are compared; released code


def path_lengths(
    synthesize: Callable[[Tensor], Tensor],
    start: Tensor,
    end: Tensor,
    share: Tensor,
    distance: Callable[[Tensor, Tensor], Tensor],
    epsilon: float = 1e-4,
    crop_face: bool = False,
) -> Tensor:
    """The squared speed of the image at a place on each of some straight paths between codes.

    Args:
        synthesize: Makes images (B, 3, S, S) in [-1, 1] of codes (B, N), with the same noise each time.
        start: Codes where paths begin (B, N).
        end: Codes where they end.
        share: How far along the paths, (B,) in [0, 1].
        distance: A perceptual distance of two batches of images, already squared in the small as LPIPS is.
        epsilon: The step taken.
        crop_face: Whether only the middle of an aligned face is compared, as the paper does with FFHQ and CelebA-HQ.

    Returns:
        d(image(share), image(share + epsilon)) / epsilon^2, (B,).
    """
    places = (torch.lerp(start, end, (share + step)[:, None]) for step in (0.0, epsilon))
    one, two = (_as_compared(synthesize(place), crop_face) for place in places)
    return at_least_float32(distance(one, two)).reshape(len(start), -1).mean(dim=1) / epsilon**2


def trimmed_mean(lengths: Sequence[float]) -> float:
    """The mean without the lowest and the highest hundredth, which the released code leaves out."""
    values = np.asarray(lengths, dtype=np.float64)
    lowest = np.percentile(values, 1, method="lower")
    highest = np.percentile(values, 99, method="higher")
    return float(values[(lowest <= values) & (values <= highest)].mean())


def _as_compared(images: Tensor, crop_face: bool) -> Tensor:
    """Cut to the face and shrunk by whole numbers to at most 256 pixels a side."""
    eighth = images.shape[-1] // 8
    if crop_face:
        images = images[..., 3 * eighth : 7 * eighth, 2 * eighth : 6 * eighth]
    factor = images.shape[-1] // WIDEST
    return F.avg_pool2d(images, factor) if factor > 1 else images
