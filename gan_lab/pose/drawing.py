"""Poses drawn on pictures."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from gan_lab.images.pixels import from_bytes, to_bytes
from gan_lab.pose.skeletons import Skeleton
from gan_lab.precision import at_least_float32

Image = NDArray[np.uint8]

_SHIFT = 4  # bits of sub-pixel precision in OpenCV's drawing


def draw_pose(
    image: Image, keypoints: NDArray[np.float32], shown: NDArray[np.bool_], skeleton: Skeleton, scale: float = 1.0
) -> Image:
    """Draws a person's limbs and joints, at their exact places between pixels.

    Args:
        image: RGB (H, W, 3); it is not changed.
        keypoints: x and y in its pixels, whose centers lie at integers, (K, 2).
        shown: Which joints to draw, (K,); a limb is drawn if both of its ends are.
        skeleton: The joints' limbs and colors.
        scale: Factor of the thickness of lines, which grows with the picture.

    Returns:
        A new picture.
    """
    import cv2  # which a machine that only trains may lack

    drawn = np.ascontiguousarray(image).copy()
    thickness = max(1, round(scale * max(image.shape[:2]) / 160))
    shown = shown & np.isfinite(keypoints).all(axis=1)
    reach = 8 * max(image.shape[:2])  # OpenCV's coordinates overflow far outside
    points = np.round(np.nan_to_num(keypoints).clip(-reach, reach) * 2**_SHIFT).astype(int).tolist()
    for (one, two), color in zip(skeleton.limbs, skeleton.colors, strict=True):
        if shown[one] and shown[two]:
            cv2.line(drawn, points[one], points[two], color, thickness, cv2.LINE_AA, _SHIFT)
    for joint, color in enumerate(joint_colors(skeleton)):
        if shown[joint]:
            radius = round((thickness + 0.5) * 2**_SHIFT)
            cv2.circle(drawn, points[joint], radius, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)
            cv2.circle(drawn, points[joint], radius, (255, 255, 255), 1, cv2.LINE_AA, _SHIFT)
    return drawn


def draw_poses(images: Tensor, keypoints: Tensor, shown: Tensor, skeleton: Skeleton) -> Tensor:
    """Draws a person on each image of a batch.

    Args:
        images: (B, 3, H, W) in [-1, 1].
        keypoints: x and y in pixels, (B, K, 2).
        shown: Which joints to draw, (B, K) bool.
        skeleton: The joints' limbs and colors.

    Returns:
        New images, rounded to 8 bits, (B, 3, H, W) in [-1, 1].
    """
    pictures, places = to_bytes(images).cpu(), at_least_float32(keypoints.detach()).cpu()
    drawn = [
        draw_pose(picture.permute(1, 2, 0).numpy(), points.numpy(), visible.numpy(), skeleton)
        for picture, points, visible in zip(pictures, places, shown.cpu(), strict=True)
    ]
    stacked = torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2)
    return from_bytes(stacked.to(images.device))


def draw_heatmaps(images: Tensor, heatmaps: Tensor, colors: Sequence[tuple[int, int, int]]) -> Tensor:
    """Lets heatmaps glow on darkened images, each joint in its color.

    Args:
        images: (B, 3, H, W) in [-1, 1].
        heatmaps: (B, K, h, w); 0 does not glow, 1 glows fully.
        colors: RGB of each joint in [0, 255].

    Returns:
        (B, 3, H, W) in [-1, 1].
    """
    shares = at_least_float32(heatmaps).clamp(0, 1)
    glow = F.interpolate(shares, size=images.shape[-2:], mode="bilinear", align_corners=False)
    tint = torch.tensor(colors, dtype=glow.dtype, device=images.device) / 255
    colored = (glow[:, :, None] * tint[None, :, :, None, None]).amax(dim=1)  # (B, 3, H, W) in [0, 1]
    strength = glow.amax(dim=1, keepdim=True)
    dimmed = (at_least_float32(images) + 1) / 2 * 0.4  # dark enough for the glow to be seen
    return (dimmed * (1 - strength) + colored).clamp(0, 1) * 2 - 1


def joint_colors(skeleton: Skeleton) -> list[tuple[int, int, int]]:
    """The color of each joint: that of its first limb; white for one without a limb."""
    colors: dict[int, tuple[int, int, int]] = {}
    for limb, color in zip(skeleton.limbs, skeleton.colors, strict=True):
        for joint in limb:
            colors.setdefault(joint, color)
    return [colors.get(joint, (255, 255, 255)) for joint in range(len(skeleton.joints))]
