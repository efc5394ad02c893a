"""Dabs of color on a drawing or a gray photograph: hints of what the artist wants, as a hand would give them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from gan_lab import ranges
from gan_lab.images.transforms import Image

_PLACES = 1024  # that are looked at, in pictures of any size
_DRAWN = 8  # places drawn for each dab, of which the most even one is taken
_VISIBLE = 16  # of 255: by how much a color differs from the source's where a dab says something


@dataclass(frozen=True)
class Dabs:
    """Paints discs on the source, each of the color that the target has there.

    A dab goes where, as far as it reaches, the target has another color than the source. The next one tends to go where
    place and color are far from those of the dabs so far (as k-means++ seeds, Arthur and Vassilvitskii, SODA 2007),
    and keeps to an even spot: few dabs tell much, as those of a hand do.

    Args:
        most: How many held-out pictures have. Training pictures have from none to so many.
        radius: Of a dab, as a share of the picture's shorter side; in training from two thirds to twice it.
        coverage: The share of the picture's pixels that all its dabs cover at most: no further one is made.

    Raises:
        ConfigurationError: If a number is out of its range.
    """

    most: ranges.NonNegativeRepeats = 12
    radius: ranges.Share = 0.0325
    coverage: ranges.Share = 0.05

    def __post_init__(self) -> None:
        ranges.require(Dabs, vars(self), "data.dabs")

    def __call__(self, source: Image, target: Image, random: Random, *, training: bool) -> Image:
        """A copy of the source with dabs on it.

        Args:
            source: (H, W, 3), uint8.
            target: What it is to become, (H, W, 3), uint8.
            random: What the places are drawn from and, in training, how many and how large the dabs are.
            training: Whether number and sizes are drawn.
        """
        count = random.randint(0, self.most) if training else self.most
        generator = np.random.default_rng(random.getrandbits(64))
        radius = self.radius * min(source.shape[:2])
        dabbed, covered = source.copy(), np.zeros(source.shape[:2], bool)
        for center in islice(_places(source, target, radius, generator), count):
            disc = _disc(covered.shape, center, radius * (generator.uniform(2 / 3, 2) if training else 1))
            if covered.sum() + (~covered[disc]).sum() > self.coverage * covered.size:
                break
            dabbed[disc] = np.median(target[disc], axis=0)
            covered[disc] = True
        return dabbed


def _places(source: Image, target: Image, radius: float, generator: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Rows and columns of dabs, one after the other, for as long as there is something to say."""
    unsaid = (np.abs(source.astype(np.int16) - target).max(2) > _VISIBLE).astype(np.uint8)
    reach = np.ones((2 * round(radius) + 1,) * 2, np.uint8)
    wholly = cv2.erode(unsaid, reach, borderType=cv2.BORDER_CONSTANT, borderValue=0)  # nor at the edge of the paper
    places = np.argwhere(wholly if wholly.any() else unsaid)
    if len(places) > _PLACES:
        places = places[np.sort(generator.choice(len(places), _PLACES, replace=False))]
    colors = target[tuple(places.T)] / 255
    features = np.concatenate([places / min(unsaid.shape), colors], axis=1)
    unevenness = _unevenness(target, radius)[tuple(places.T)]
    chances, distances = np.ones(len(places)), np.full(len(places), np.inf)
    while chances.any():
        drawn = generator.choice(len(places), _DRAWN, p=chances / chances.sum())
        taken = drawn[unevenness[drawn].argmin()]
        yield places[taken]
        distances = np.minimum(distances, np.square(features - features[taken]).sum(1))
        chances = distances


def _unevenness(image: Image, radius: float) -> NDArray[np.float32]:
    """The variance of the colors around each pixel."""
    pixels, size = image.astype(np.float32), (2 * round(radius) + 1,) * 2
    variance = cv2.blur(np.square(pixels), size) - np.square(cv2.blur(pixels, size))
    return np.asarray(variance.sum(2).clip(min=0), dtype=np.float32)


def _disc(shape: tuple[int, ...], center: NDArray[np.int64], radius: float) -> tuple[NDArray[np.int64], ...]:
    """Rows and columns of the pixels of an image within a disc, of one pixel at least."""
    low = np.maximum(center - int(radius), 0)
    high = np.minimum(center + int(radius) + 1, shape[:2])
    rows, columns = np.mgrid[low[0] : high[0], low[1] : high[1]]
    inside = np.square(rows - center[0]) + np.square(columns - center[1]) <= radius**2
    return rows[inside], columns[inside]
