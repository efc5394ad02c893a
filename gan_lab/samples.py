"""What a dataset yields and a module takes: the only contract between data and models.

A **sample** is what a model learns from or is measured on. A dataset yields single ones with uint8 images (C, H, W).
Collated, and turned to float by the datamodule on the device, a module sees the same keys with images (B, C, H, W) in
[-1, 1] and lists of strings.

A **request** is what a model is asked to make: one class a kind of prediction, always of a whole batch.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypedDict

import torch
from torch import Tensor


class SourceSample(TypedDict):
    """One image to be translated.

    Attributes:
        source: The image, (3, H, W).
        name: Its path relative to the data set's folder; what is made of it is filed under this name.
    """

    source: Tensor
    name: str


class UnpairedSample(TypedDict):
    """An image of each domain, which have nothing to do with each other.

    Attributes:
        a: An image of domain A, (3, H, W).
        b: An image of domain B, (3, H, W).
        name: The path of the image of domain A relative to its folder.
    """

    a: Tensor
    b: Tensor
    name: str


class AgedUnpairedSample(UnpairedSample):
    """A young and an old face, of people who have nothing to do with each other.

    Attributes:
        age_a: Age of the face of domain A in whole years; (B,) in a batch, as all ages.
        age_b: Age of the face of domain B.
    """

    age_a: int
    age_b: int


class AgedSourceSample(SourceSample):
    """One face.

    Attributes:
        age: Its age in whole years.
    """

    age: int


class PairedSample(SourceSample):
    """An image and what it should become.

    Attributes:
        target: The wanted image, (3, H, W), of the source's size.
    """

    target: Tensor


class ImageSample(TypedDict):
    """An image to learn the like of.

    Attributes:
        image: The image, (3, S, S).
        name: Its path relative to the data set's folder.
    """

    image: Tensor
    name: str


class PoseSample(TypedDict):
    """One person whose joints are known, cropped to the network's input.

    Pixel coordinates are x and y with the centers of pixels at integers: the top left pixel is (0, 0).

    Attributes:
        image: The crop, (3, S, S).
        keypoints: The K joints in the crop's pixels, (K, 2) float32; zero where there is no label.
        labeled: Whether a joint has a label, (K,) bool; occluded joints may have one.
        to_source: The affine map from the crop's pixels to those of the source image, (2, 3) float32.
        truth: The joints in the source image's pixels, (K, 2) float32; zero where there is no label.
        reference_length: What distances in the source image are divided by, () float32, in its pixels: the torso on
            LSP, the head on MPII; zero where it is not known.
        name: The person: the image's path relative to the data set's folder, and a number where there are several.
    """

    image: Tensor
    keypoints: Tensor
    labeled: Tensor
    to_source: Tensor
    truth: Tensor
    reference_length: Tensor
    name: str


class PersonSample(TypedDict):
    """One person whose joints are to be found; many of them make a :class:`PoseRequest`.

    Attributes:
        image: The crop, (3, S, S).
        to_source: The affine map from the crop's pixels to those of the source image, (2, 3) float32.
        path: The source image, or the video; empty where there is no file.
        name: The source image's path relative to its folder, or the video's with the number of the frame.
        person: Which one of the people in that image, from 0.
        box: The person's box in the source image's pixels, (4,) float32: left, top, right, bottom.
    """

    image: Tensor
    to_source: Tensor
    path: str
    name: str
    person: int
    box: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRequest:
    """Base of all requests.

    Attributes:
        names: The file name for each thing that is made, relative to the output folder.
    """

    names: list[str]

    def map_tensors(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same request with every tensor changed: moved to a device, or turned from bytes to floats."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        changed: dict[str, Any] = {name: change(value) for name, value in values.items() if isinstance(value, Tensor)}
        return replace(self, **changed)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateRequest(PredictionRequest):
    """Images to be translated.

    Attributes:
        source: (B, 3, H, W) in [-1, 1].
        target: What they should become, of the same shape, to be shown beside; None where it is not known.
    """

    source: Tensor
    target: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRequest(PredictionRequest):
    """An image of each seed.

    Attributes:
        seeds: From 0 to 2**32 - 1, (B,) int64. The same one gives the same image in every batch.
    """

    seeds: Tensor

    @classmethod
    def of(cls, seeds: Iterable[int]) -> Self:
        """Seeds, and ``seed0000.png`` for what is made of seed 0, and so on."""
        numbers = list(seeds)
        return cls(seeds=torch.tensor(numbers, dtype=torch.int64), names=[f"seed{seed:04}.png" for seed in numbers])


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleGridRequest(SeedRequest):
    """Places in a grid of style mixing: the image of one seed with the styles of another in some layers.

    Attributes:
        style_seeds: Whose styles are mixed in, (B,) int64; in a margin the image's own seed.
        layers: The first and the last layer that take them, from 0.
        places: Row and column of each in the grid, from 1; 0 for the margins, which show the rows' and columns' own
            images.
    """

    style_seeds: Tensor
    layers: tuple[int, int]
    places: list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRequest(PredictionRequest):
    """Places on a path between the images of some seeds.

    Attributes:
        seeds: The seeds on the path, (K,) int64.
        weights: How much of each one's code is in each place's, (B, K), rows of sum 1.
        frames: The places' numbers along the path, from 0.
    """

    seeds: Tensor
    weights: Tensor
    frames: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseRequest(PredictionRequest):
    """People whose joints are to be found. A name is of the source image, or of a video's with the frame's number.

    Attributes:
        images: The crops, (B, 3, S, S) in [-1, 1].
        to_source: The affine maps from the crops' pixels to those of the source images, (B, 2, 3) float32.
        paths: The source images, or the videos; empty where there is no file.
        people: Which one of the people in its image each is, from 0.
        boxes: Each one's box in the source image's pixels, (B, 4) float32: left, top, right, bottom.
    """

    images: Tensor
    to_source: Tensor
    paths: list[str]
    people: list[int]
    boxes: Tensor
