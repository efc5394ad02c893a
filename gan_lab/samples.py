"""What a dataset yields and a module takes: the only contract between data and models.

A dataset yields single samples with uint8 images (C, H, W). Collated, and turned to float by the datamodule on the
device, a module sees the same keys with images (B, C, H, W) in [-1, 1] and lists of strings.
"""

from typing import TypedDict

from torch import Tensor


class ImageSample(TypedDict):
    """One image to be translated.

    Attributes:
        source: The image, (3, H, W).
        name: Its path relative to the data set's folder; what is made of it is filed under this name.
    """

    source: Tensor
    name: str


class UnpairedSample(TypedDict):
    """An image of each kind, which have nothing to do with each other.

    Attributes:
        a: An image of kind A, (3, H, W).
        b: An image of kind B, (3, H, W).
        name: The path of the image of kind A relative to its folder.
    """

    a: Tensor
    b: Tensor
    name: str


class AgedSample(UnpairedSample):
    """A young and an old face, of people who have nothing to do with each other.

    Attributes:
        age_a: Age of the face of kind A in whole years; (B,) in a batch, as all ages.
        age_b: Age of the face of kind B.
    """

    age_a: int
    age_b: int


class AgedImageSample(ImageSample):
    """One face.

    Attributes:
        age: Its age in whole years.
    """

    age: int


class PairedSample(ImageSample):
    """An image and what it should become.

    Attributes:
        target: The wanted image, (3, H, W), of the source's size.
    """

    target: Tensor


class RealSample(TypedDict):
    """An image to learn the like of.

    Attributes:
        image: The image, (3, S, S).
        name: Its path relative to the data set's folder.
    """

    image: Tensor
    name: str


class SeedSample(TypedDict):
    """What a model makes an image of that needs nothing else.

    Attributes:
        seed: From 0 to 2**32 - 1; a tensor (B,) in a batch. The same one gives the same image in every batch.
        name: The file name for what is made of it.
    """

    seed: int
    name: str


class MixingSample(SeedSample):
    """A place in a grid of style mixing: the image of one seed with the styles of another in some layers.

    Attributes:
        style_seed: Whose styles are mixed in; in a margin the image's own seed. A tensor (B,) in a batch, as all.
        first_layer: The first layer that has them, from 0.
        last_layer: The last one.
        row: Its row in the grid, from 1; 0 for the margin above, which shows the columns' own images.
        column: Its column from 1; 0 for the margin that shows the rows' own images.
    """

    style_seed: int
    first_layer: int
    last_layer: int
    row: int
    column: int


class PathSample(TypedDict):
    """A place on a path between the images of some seeds.

    Attributes:
        seeds: The seeds on the path, (K,).
        weights: How much of each one's code is in this place's, (K,), of sum 1.
        frame: Its number along the path, from 0; a tensor (B,) in a batch.
        name: The file name for what is made of it.
    """

    seeds: Tensor
    weights: Tensor
    frame: int
    name: str


class PoseSample(TypedDict):
    """One person whose joints are known, cropped to the network's input.

    Pixel coordinates are x and y with the centres of pixels at integers: the top left pixel is (0, 0).

    Attributes:
        image: The crop, (3, S, S).
        keypoints: The K joints in the crop's pixels, (K, 2) float32; zero where there is no label.
        labelled: Whether a joint has a label, (K,) bool; occluded joints may have one.
        to_source: The affine map from the crop's pixels to those of the source image, (2, 3) float32.
        truth: The joints in the source image's pixels, (K, 2) float32; zero where there is no label.
        length: What distances in the source image are divided by, () float32, in its pixels: the torso on LSP, the head
            on MPII; zero where it is not known.
        name: The person: the image's path relative to the data set's folder, and a number where there are several.
    """

    image: Tensor
    keypoints: Tensor
    labelled: Tensor
    to_source: Tensor
    truth: Tensor
    length: Tensor
    name: str


class PersonSample(TypedDict):
    """One person whose joints are to be found.

    Attributes:
        image: The crop, (3, S, S).
        to_source: The affine map from the crop's pixels to those of the source image, (2, 3) float32.
        path: The source image, or the video.
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
