"""Joint transforms of a pair of images: what is done to one is done to the other.

All work on uint8 arrays (H, W, 3), the layout of PIL, OpenCV and albumentations. Random ones draw from Python's
global generator, which the loader seeds for every sample.
"""

import os
import random

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # left, top, right and bottom edge in pixels from the upper left corner

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # or its import asks a server for a newer release


def resize(image: Image, size: int) -> Image:
    """Scales to ``size`` x ``size`` pixels whatever the aspect: bicubic when enlarging, by area when shrinking.

    By area, because a bicubic filter without antialiasing turns fine texture into moiré.
    """
    if image.shape[:2] == (size, size):
        return image
    shrinking = size < min(image.shape[:2])
    return np.asarray(
        cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC), dtype=np.uint8
    )


def resize_labels(image: Image, size: int) -> Image:
    """Scales to ``size`` x ``size`` pixels whatever the aspect, each of the nearest pixel's color: none is blended."""
    return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)


def crop(image: Image, box: Box) -> Image:
    """Cuts out a box, its edges rounded to whole pixels; beyond the image the pixels of its border are repeated."""
    left, top, right, bottom = (round(edge) for edge in box)
    rows = np.arange(top, bottom).clip(0, image.shape[0] - 1)
    columns = np.arange(left, right).clip(0, image.shape[1] - 1)
    return np.asarray(image[rows][:, columns], dtype=np.uint8)


def center_square(image: Image) -> Image:
    """Cuts out the largest square in the middle."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


class Jitter:
    """A random crop and a random mirroring, the same for all images given together (Pix2Pix, appendix 6.2).

    Args:
        crop_size: Side of the square cropped, in pixels.
        flip: Whether half the images are mirrored left to right.
    """

    def __init__(self, crop_size: int, flip: bool) -> None:
        import albumentations

        self.crop_size = crop_size
        self._compose = albumentations.Compose(
            [albumentations.RandomCrop(crop_size, crop_size), albumentations.HorizontalFlip(p=0.5 if flip else 0.0)],
            additional_targets={"partner": "image"},
        )

    def __call__(self, image: Image, partner: Image | None = None) -> tuple[Image, ...]:
        """Jitters an image, and its partner of the same size alike; both at least ``crop_size`` each way."""
        self._compose.set_random_seed(random.getrandbits(32))  # its own generator would repeat itself in workers
        images = {"image": image} if partner is None else {"image": image, "partner": partner}
        return tuple(self._compose(**images).values())
