"""Joints as heatmaps and back.

Everything is in pixels or cells whose centers lie at integers. A cell covers ``stride`` x ``stride`` pixels, so that
pixel x and cell u are the same place when x + 0.5 = stride (u + 0.5). No step of the way rounds: a joint drawn between
two cells is found between them.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from gan_lab.errors import require
from gan_lab.precision import at_least_float32

Decoding = Literal["argmax", "quarter", "taylor"]


def to_cells(pixels: Tensor, stride: int) -> Tensor:
    """Pixel coordinates as cell coordinates."""
    return (pixels + 0.5) / stride - 0.5


def to_pixels(cells: Tensor, stride: int) -> Tensor:
    """Cell coordinates as pixel coordinates."""
    return (cells + 0.5) * stride - 0.5


def render_heatmaps(keypoints: Tensor, labeled: Tensor, size: int, stride: int, sigma: float) -> Tensor:
    """Draws each joint as a Gaussian with peak 1 at its exact place.

    Args:
        keypoints: x and y in pixels, (B, K, 2); a joint outside the map leaves its tail, if any.
        labeled: Whether there is such a joint, (B, K) bool; its map is zero where not.
        size: Cells along a side of a map.
        stride: Pixels along a side of a cell.
        sigma: Standard deviation in cells; 1 on maps of 64 cells in Newell et al. (2016, section 3.1).

    Returns:
        (B, K, size, size) in [0, 1].
    """
    offsets = torch.arange(size, device=keypoints.device) - to_cells(keypoints, stride)[..., None]  # (B, K, 2, size)
    horizontal, vertical = torch.exp(-0.5 * (offsets / sigma).square()).unbind(2)
    return vertical[..., :, None] * horizontal[..., None, :] * labeled[..., None, None]


class HeatmapTask(NamedTuple):
    """What the heatmaps of a batch are found in, and compared with.

    Attributes:
        images: (B, 3, H, W).
        target: The true heatmaps, (B, K, h, w).
        counted: Whether a joint counts, (B, K, 1, 1).
    """

    images: Tensor
    target: Tensor
    counted: Tensor


def heatmap_loss(predicted: Tensor, target: Tensor, counted: Tensor) -> Tensor:
    """Sum over stacks of the mean squared error over batch, joints and pixels.

    Joints that do not count are taken as right, not left out of the mean: so the loss of a batch split over processes
    is the mean of theirs.

    Args:
        predicted: (S, B, K, h, w).
        target: (B, K, h, w).
        counted: Whether a joint counts, (B, K, 1, 1).
    """
    return ((at_least_float32(predicted) - target) * counted).square().flatten(1).mean(1).sum()


def decode(heatmaps: Tensor, method: Decoding) -> tuple[Tensor, Tensor]:
    """Finds each map's joint.

    Args:
        heatmaps: (B, K, H, W), any values.
        method: ``argmax``, the highest cell; ``quarter``, a quarter of a cell from it towards the higher neighbor
            along each axis (Newell et al. 2016, reference code); ``taylor``, the top of the parabola through the
            logarithms around it, exact for a Gaussian (DARK, Zhang et al. 2020, equation 8, without its smoothing).
            At the map's border and where there is no such top it is the highest cell.

    Returns:
        x and y in cells (B, K, 2), and the heights of the highest cells (B, K): the scores.

    Raises:
        ConfigurationError: If ``method`` is none of those.
    """
    known = method in get_args(Decoding)
    require(known, f"decode must be 'argmax', 'quarter' or 'taylor', got {method!r}")
    height, width = heatmaps.shape[-2:]
    heatmaps = at_least_float32(heatmaps)
    scores, best = heatmaps.flatten(2).max(dim=2)
    x, y = best % width, best // width
    cells = torch.stack([x, y], dim=2).to(heatmaps.dtype)
    if method == "argmax" or min(height, width) < 3:
        return cells, scores
    inside = (x > 0) & (x < width - 1) & (y > 0) & (y < height - 1)
    around = _neighborhoods(heatmaps, x.clamp(1, width - 2), y.clamp(1, height - 2))
    shift = _quarter_shift(around) if method == "quarter" else _taylor_shift(around)
    return cells + shift * inside[..., None], scores


def flip_back(heatmaps: Tensor, flip_pairs: Sequence[tuple[int, int]]) -> Tensor:
    """The heatmaps (B, K, H, W) of mirrored images, as those of the images themselves.

    Args:
        heatmaps: What was found in the mirrored images.
        flip_pairs: Joints that change places in a mirror.
    """
    order = list(range(heatmaps.shape[1]))
    for one, two in flip_pairs:
        order[one], order[two] = two, one
    return heatmaps[:, order].flip(-1)


def _neighborhoods(heatmaps: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The nine cells around (x, y) of each map: (B, K, 3, 3), row by row."""
    near = torch.arange(-1, 2, device=heatmaps.device)
    rows = (y[..., None] + near)[..., :, None]
    columns = (x[..., None] + near)[..., None, :]
    batch = torch.arange(heatmaps.shape[0], device=heatmaps.device)[:, None, None, None]
    joint = torch.arange(heatmaps.shape[1], device=heatmaps.device)[None, :, None, None]
    return heatmaps[batch, joint, rows, columns]


def _quarter_shift(around: Tensor) -> Tensor:
    slopes = torch.stack([around[..., 1, 2] - around[..., 1, 0], around[..., 2, 1] - around[..., 0, 1]], dim=2)
    return 0.25 * slopes.sign()


def _taylor_shift(around: Tensor) -> Tensor:
    """Where the parabola through the logarithms has its top: -H^-1 g, at most one cell away along each axis."""
    logs = around.clamp_min(1e-10).log()
    center, left, right = logs[..., 1, 1], logs[..., 1, 0], logs[..., 1, 2]
    above, below = logs[..., 0, 1], logs[..., 2, 1]
    slope_x, slope_y = (right - left) / 2, (below - above) / 2
    bend_x, bend_y = right - 2 * center + left, below - 2 * center + above
    bend_xy = (logs[..., 2, 2] - logs[..., 2, 0] - logs[..., 0, 2] + logs[..., 0, 0]) / 4
    determinant = bend_x * bend_y - bend_xy.square()
    top = (bend_x < 0) & (determinant > 0)
    shift_x = (bend_xy * slope_y - bend_y * slope_x) / determinant
    shift_y = (bend_xy * slope_x - bend_x * slope_y) / determinant
    return torch.stack([shift_x, shift_y], dim=2).where(top[..., None], 0.0).clamp(-1, 1)
