"""Poses that were found: what a pose module predicts and a writer files."""

from dataclasses import dataclass

from torch import Tensor

from gan_lab.pose.skeletons import Skeleton


@dataclass(frozen=True, slots=True)
class PredictedPoses:
    """The people of a batch.

    Attributes:
        skeleton: What their K joints are.
        keypoints_in_crop: x and y in the crops' pixels, (B, K, 2).
        keypoints_in_source: x and y in the source images' pixels, (B, K, 2).
        scores: How high each joint's heatmap is, (B, K): about 0 where nothing was found, about 1 where all is sure.
    """

    skeleton: Skeleton
    keypoints_in_crop: Tensor
    keypoints_in_source: Tensor
    scores: Tensor


def transform_keypoints(points: Tensor, affine: Tensor) -> Tensor:
    """Applies each sample's affine map (B, 2, 3) to its points (B, K, 2).

    Not by a matrix product, which autocast and TF32 round to parts of a pixel or to whole ones.
    """
    return (affine[:, None, :, :2] * points[:, :, None, :]).sum(-1) + affine[:, None, :, 2]
