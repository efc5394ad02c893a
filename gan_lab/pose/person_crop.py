"""A person cut out of a photograph: one affine map crops, scales, rotates and mirrors, and takes the joints along.

Coordinates are pixels with their centers at integers: the top left pixel is (0, 0), the left edge of an image -0.5.
Boxes alone are given by their edges, counted from the upper left corner of the image.
"""

import math
import random
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import require, require_numbers
from gan_lab.images.transforms import Box, Image

Points = NDArray[np.float64]  # (N, 2), x and y
Affine = NDArray[np.float64]  # (2, 3): x' = affine @ (x, y, 1)


@dataclass(frozen=True, slots=True)
class Window:
    """The square of a source image that becomes the network's input.

    Attributes:
        x: Its middle, in the image's pixels.
        y: The same downwards.
        side: In the image's pixels, above 0.
    """

    x: float
    y: float
    side: float

    @classmethod
    def around(cls, box: Box, margin: float = 1.0) -> Self:
        """The window about the middle of a box, its side ``margin`` times the box's longer one."""
        left, top, right, bottom = box
        return cls((left + right - 1) / 2, (top + bottom - 1) / 2, margin * max(right - left, bottom - top))

    @classmethod
    def whole(cls, image: Image) -> Self:
        """The smallest window that holds all of an image."""
        height, width = image.shape[:2]
        return cls.around((0, 0, width, height))

    @property
    def box(self) -> Box:
        """Its edges."""
        left, top = self.x + 0.5 - self.side / 2, self.y + 0.5 - self.side / 2
        return left, top, left + self.side, top + self.side


@dataclass(frozen=True, slots=True)
class Distortion:
    """How a crop differs from its window.

    Attributes:
        scale: What the window's side is multiplied by: above 1 the person becomes smaller.
        rotation: Degrees, clockwise as seen, about the window's middle.
        mirrored: Whether left and right change places, after the rotation.
        gains: What red, green and blue are multiplied by.
    """

    scale: float = 1.0
    rotation: float = 0.0
    mirrored: bool = False
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)


class PoseJitter:
    """Random distortions, drawn from Python's global generator, which the loader seeds for every sample.

    Args:
        scale: The smallest and the largest ``Distortion.scale``.
        rotation: Crops are rotated by up to so many degrees either way.
        flip: Whether half of them are mirrored.
        color_gain: Each color channel is multiplied by a number up to so much above or below 1.

    Raises:
        ConfigurationError: If the numbers are not of these ranges.
    """

    def __init__(self, scale: tuple[float, float], rotation: float, flip: bool, color_gain: float) -> None:
        in_order = 0 < scale[0] <= scale[1] < math.inf
        require(in_order, f"data.scale must be two positive numbers, the smaller first, got {list(scale)}")
        require_numbers({"data.rotation": rotation}, at_least=0, at_most=180)
        require_numbers({"data.color_gain": color_gain}, at_least=0, below=1)
        self.scale = scale
        self.rotation = rotation
        self.flip = flip
        self.color_gain = color_gain

    def draw(self) -> Distortion:
        """A new distortion."""
        red, green, blue = (random.uniform(1 - self.color_gain, 1 + self.color_gain) for _ in range(3))
        return Distortion(
            scale=random.uniform(*self.scale),
            rotation=random.uniform(-self.rotation, self.rotation),
            mirrored=self.flip and random.random() < 0.5,
            gains=(red, green, blue),
        )


def affine_to_crop(window: Window, size: int, distortion: Distortion | None = None) -> Affine:
    """The map from the pixels of the source image to those of a crop of ``size`` x ``size``.

    The middle of the window becomes the middle of the crop, (size - 1) / 2.
    """
    distortion = distortion or Distortion()
    zoom = size / (window.side * distortion.scale)
    angle = math.radians(distortion.rotation)
    cos, sin = zoom * math.cos(angle), zoom * math.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]])  # y runs downwards, so this is clockwise
    if distortion.mirrored:
        linear[0] *= -1
    offset = (size - 1) / 2 - linear @ (window.x, window.y)
    return np.column_stack([linear, offset])


def invert_affine(affine: Affine) -> Affine:
    """The map back."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack([linear, -linear @ affine[:, 2]])


def transform_points(points: Points, affine: Affine) -> Points:
    """Where a map takes points."""
    return np.asarray(points @ affine[:, :2].T + affine[:, 2], dtype=np.float64)


def cut_out(image: Image, to_crop: Affine, size: int, gains: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Image:
    """Draws the crop that ``to_crop`` leads to, black beyond the image.

    Bilinear; where several of the image's pixels fall into one of the crop's, it is drawn larger by a whole factor and
    averaged, since bilinear interpolation alone would skip pixels.

    Args:
        image: The source image, uint8 (H, W, 3).
        to_crop: From its pixels to the crop's.
        size: The crop's side.
        gains: What the channels are multiplied by.
    """
    shrinking = 1 / math.sqrt(abs(np.linalg.det(to_crop[:, :2])))
    factor = max(1, round(shrinking))
    finer = factor * to_crop
    finer[:, 2] += (factor - 1) / 2  # the middle of a pixel's factor x factor smaller ones
    crop = cv2.warpAffine(image, finer, (factor * size, factor * size), flags=cv2.INTER_LINEAR)
    if factor > 1:
        crop = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
    if gains != (1.0, 1.0, 1.0):
        crop = (crop * np.array(gains, np.float32)).clip(0, 255).round()
    return np.asarray(crop, dtype=np.uint8)
