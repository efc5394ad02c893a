"""What is taken from a photograph so that a network may learn to give it back.

A degradation takes a uint8 image (H, W, 3) and a random generator, and returns a new image of the same size.
"""

from abc import ABC, abstractmethod
from random import Random

import cv2
import numpy as np
import torch

from gan_lab import ranges
from gan_lab.errors import require
from gan_lab.images.transforms import Image

Color = tuple[ranges.Level, ranges.Level, ranges.Level]  # red, green and blue


class Degradation(ABC):
    """Base of all degradations; one of your own can be named by its ``class_path``."""

    @abstractmethod
    def __call__(self, image: Image, random: Random) -> Image:
        """Degrades an image, drawing whatever is random from ``random``."""


class Gray(Degradation):
    """Takes the colors and leaves the grays of the same lightness (CIE L*)."""

    def __call__(self, image: Image, random: Random) -> Image:
        """Takes the colors."""
        lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        lab[..., 1:] = 0
        return np.asarray((cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).round().clip(0, 255), dtype=np.uint8)


class Edges(Degradation):
    """Leaves Canny's edges (Canny, PAMI 1986), black on white as one draws them.

    Args:
        low_threshold: Gradient magnitude above which an edge goes on, on images in [0, 1].
        high_threshold: Gradient magnitude above which an edge begins.
        sigma: Standard deviation in pixels of the Gaussian that smooths first: the larger, the fewer details.

    Raises:
        ConfigurationError: If the thresholds are not in order, or sigma is not positive.
    """

    def __init__(
        self,
        low_threshold: ranges.PositiveFloat = 0.1,
        high_threshold: ranges.PositiveFloat = 0.2,
        sigma: ranges.Radius = 2.0,
    ) -> None:
        ranges.require(Edges, locals(), "Edges")
        require(
            0 < low_threshold <= high_threshold,
            f"0 < low_threshold <= high_threshold must hold, got {low_threshold} and {high_threshold}",
        )
        self.low_threshold = low_threshold
        self.high_threshold = high_threshold
        self.sigma = sigma

    def __call__(self, image: Image, random: Random) -> Image:
        """Draws the edges."""
        from kornia.filters import canny

        width = 2 * round(2 * self.sigma) + 1  # two standard deviations either way
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None] / 255
        smoothing = (width, width), (self.sigma, self.sigma)
        _, strengths = canny(pixels, self.low_threshold, self.high_threshold, *smoothing, hysteresis=False)
        strength = strengths[0, 0].numpy()  # 1 above the high threshold, 0.5 above the low one, 0 elsewhere
        _, lines = cv2.connectedComponents(np.asarray(strength > 0, dtype=np.uint8), connectivity=8)
        drawn = np.isin(lines, np.unique(lines[strength == 1]))  # kornia's hysteresis finds the same 20 times slower
        return np.repeat(np.where(drawn, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


class CentralHole(Degradation):
    """Cuts a hole out of the middle (Pathak et al., CVPR 2016, section 3.3: half the side, a quarter of the area).

    Args:
        share: Height and width of the hole, as shares of the image's.
        color: Red, green and blue of the hole, 0 to 255.

    Raises:
        ConfigurationError: If the share is not between 0 and 1.
    """

    def __init__(self, share: ranges.OpenFraction = 0.5, color: Color = (255, 255, 255)) -> None:
        ranges.require(CentralHole, locals(), "CentralHole")
        self.share = share
        self.color = color

    def __call__(self, image: Image, random: Random) -> Image:
        """Cuts the hole."""
        height, width = (round(self.share * side) for side in image.shape[:2])
        top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
        return _with_hole(image, top, left, height, width, self.color)


class RandomHole(Degradation):
    """Cuts a rectangle out anywhere.

    Args:
        smallest_share: The least height and width of the hole, as shares of the image's.
        largest_share: The greatest.
        color: Red, green and blue of the hole, 0 to 255.

    Raises:
        ConfigurationError: If the shares are not in order between 0 and 1.
    """

    def __init__(
        self,
        smallest_share: ranges.OpenFraction = 0.2,
        largest_share: ranges.OpenFraction = 0.5,
        color: Color = (255, 255, 255),
    ) -> None:
        ranges.require(RandomHole, locals(), "RandomHole")
        require(
            0 < smallest_share <= largest_share < 1,
            f"0 < smallest_share <= largest_share < 1 must hold, got {smallest_share} and {largest_share}",
        )
        self.smallest_share = smallest_share
        self.largest_share = largest_share
        self.color = color

    def __call__(self, image: Image, random: Random) -> Image:
        """Cuts the hole."""
        height, width = (
            round(random.uniform(self.smallest_share, self.largest_share) * side) for side in image.shape[:2]
        )
        top, left = random.randint(0, image.shape[0] - height), random.randint(0, image.shape[1] - width)
        return _with_hole(image, top, left, height, width, self.color)


def _with_hole(image: Image, top: int, left: int, height: int, width: int, color: Color) -> Image:
    holed = image.copy()
    holed[top : top + height, left : left + width] = color
    return holed
