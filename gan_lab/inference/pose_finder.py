"""Joints of people in crops."""

from torch import Tensor

from gan_lab.errors import require
from gan_lab.networks import StackedHourglass
from gan_lab.networks.hourglass import STRIDE
from gan_lab.networks.layers import inference_behavior
from gan_lab.pose.heatmaps import Decoding, decode, flip_back, to_pixels
from gan_lab.pose.predicted_poses import PredictedPoses, transform_keypoints
from gan_lab.pose.skeletons import Skeleton
from gan_lab.precision import at_least_float32


class PoseFinder:
    """Finds joints as the peaks of a network's heatmaps; its weights may go on changing.

    Args:
        generator: The network.
        skeleton: What its K joints are.
        flip_test: Whether the heatmaps of an image and of its mirror image are averaged.
        decoding: How a joint is found in its heatmap.
    """

    def __init__(self, generator: StackedHourglass, skeleton: Skeleton, *, flip_test: bool, decoding: Decoding) -> None:
        self.generator = generator
        self.skeleton = skeleton
        self.flip_test = flip_test
        self.decoding: Decoding = decoding

    def heatmaps(self, images: Tensor) -> Tensor:
        """The last stack's heatmaps (B, K, H/4, W/4) of images (B, 3, H, W) in [-1, 1]."""
        require_square_multiple(images, self.generator.size_multiple)
        with inference_behavior(self.generator, dropout=False, batch_statistics=False):
            heatmaps = at_least_float32(self.generator(images)[-1])
            if self.flip_test:
                mirrored = at_least_float32(self.generator(images.flip(-1))[-1])
                heatmaps = (heatmaps + flip_back(mirrored, self.skeleton.flip_pairs)) / 2
        return heatmaps

    def poses(self, heatmaps: Tensor, to_source: Tensor) -> PredictedPoses:
        """Reads joints (B, K) off heatmaps, in crops and through ``to_source`` (B, 2, 3) in the source images."""
        cells, scores = decode(heatmaps, self.decoding)
        in_crop = to_pixels(cells, STRIDE)
        return PredictedPoses(self.skeleton, in_crop, transform_keypoints(in_crop, to_source.to(in_crop.dtype)), scores)

    def __call__(self, images: Tensor, to_source: Tensor) -> PredictedPoses:
        """Finds the pose in each of the crops."""
        return self.poses(self.heatmaps(images), to_source)


def require_square_multiple(images: Tensor, multiple: int) -> None:
    """Refuses images that the hourglasses cannot halve often enough, or that are not square."""
    height, width = images.shape[-2:]
    require(
        height == width and height % multiple == 0,
        f"data.image_size must be a multiple of {multiple} for model.depth as it is, the images are {height}x{width}",
    )
