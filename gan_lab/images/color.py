"""RGB images split into lightness and chroma, CIE L*a*b* under D65, and put together again.

All are (B, C, H, W) in [-1, 1]: L* / 50 - 1, and a* / 110 and b* / 110, which for sRGB lie between -108 and 98. Under
autocast too they are computed in float32 at least.
"""

import torch
from torch import Tensor

from gan_lab.precision import at_least_float32, full_precision


def lightness(images: Tensor) -> Tensor:
    """The lightness (B, 1, H, W) of RGB images (B, 3, H, W)."""
    return _lab(images)[:, :1] / 50 - 1


def chroma(images: Tensor) -> Tensor:
    """The two channels of color (B, 2, H, W) of RGB images (B, 3, H, W)."""
    return _lab(images)[:, 1:] / 110


def to_rgb(lightness: Tensor, chroma: Tensor) -> Tensor:
    """RGB images (B, 3, H, W) of a lightness (B, 1, H, W) and colors (B, 2, H, W), clipped to what RGB can show."""
    from kornia.color import lab_to_rgb

    lab = torch.cat([(at_least_float32(lightness) + 1) * 50, at_least_float32(chroma) * 110], dim=1)
    with full_precision(lab):
        return torch.as_tensor(lab_to_rgb(lab, clip=True)) * 2 - 1


def _lab(images: Tensor) -> Tensor:
    from kornia.color import rgb_to_lab

    with full_precision(images):
        return torch.as_tensor(rgb_to_lab((at_least_float32(images) + 1) / 2))
