"""Scores of label maps that were generated as images (Pix2Pix, Table 6).

A confusion matrix has a row for each class of the target and a column for each predicted one. It is summed over all
images before anything is divided, so that a score is of the whole split and not a mean over its images.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor
from torchmetrics import Metric

from gan_lab.images.palettes import Color, Palette
from gan_lab.precision import at_least_float32, full_precision

Score = Literal["pixel_accuracy", "class_accuracy", "class_iou"]

VOID = -1  # the class of pixels that are not scored


def nearest_color(image: Tensor, colors: Sequence[Color]) -> Tensor:
    """Which of some colors each pixel is nearest to, by Euclidean distance in RGB.

    Args:
        image: Images (B, 3, H, W) in [-1, 1].
        colors: The colors to choose from.

    Returns:
        Indices (B, H, W) into ``colors``.
    """
    pixels = (at_least_float32(image).movedim(1, -1) + 1) * 127.5  # (B, H, W, 3) in [0, 255]
    palette = torch.tensor(colors, dtype=pixels.dtype, device=pixels.device)
    exact = "donot_use_mm_for_euclid_dist"  # a matrix product may run in TF32, too coarse to tell truck from caravan
    with full_precision(pixels):
        return torch.cdist(pixels.flatten(1, 2), palette, compute_mode=exact).argmin(2).view(pixels.shape[:3])


def predicted_classes(image: Tensor, palette: Palette) -> Tensor:
    """The class (B, H, W) whose color is nearest, whatever the pixel of an image (B, 3, H, W) in [-1, 1]."""
    return nearest_color(image, palette.colors)


def target_classes(image: Tensor, palette: Palette) -> Tensor:
    """As :func:`predicted_classes`, but ``VOID`` where a color that stands for no scored class is nearer."""
    nearest = nearest_color(image, palette.colors + palette.void_colors)
    return nearest.masked_fill(nearest >= len(palette.colors), VOID)


def confusion_matrix(predicted: Tensor, target: Tensor, classes: int) -> Tensor:
    """Counts how often each class of the target was predicted as each class.

    Args:
        predicted: Classes from 0, of any shape.
        target: The true classes, of the same shape; pixels that are ``VOID`` are left out.
        classes: How many classes there are.

    Returns:
        Counts (classes, classes), int64.
    """
    scored = target != VOID
    return torch.bincount(target[scored] * classes + predicted[scored], minlength=classes**2).view(classes, classes)


def pixel_accuracy(confusion: Tensor) -> Tensor:
    """The share of pixels whose class is right."""
    return confusion.diagonal().sum() / confusion.sum()


def class_accuracy(confusion: Tensor) -> Tensor:
    """The share of each class's pixels that are right, averaged over the classes that occur in the target."""
    return (confusion.diagonal() / confusion.sum(1)).nanmean()


def class_iou(confusion: Tensor) -> Tensor:
    """Intersection over union of each class, averaged over the classes that occur in the target or are predicted."""
    correct = confusion.diagonal()
    return (correct / (confusion.sum(0) + confusion.sum(1) - correct)).nanmean()


SCORES: dict[Score, Callable[[Tensor], Tensor]] = {
    "pixel_accuracy": pixel_accuracy,
    "class_accuracy": class_accuracy,
    "class_iou": class_iou,
}


class SegmentationScore(Metric):
    """One of the scores over all images and processes; NaN before there is a pixel to score.

    Args:
        score: Which one.
        classes: How many classes there are.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    confusion: Tensor

    def __init__(self, score: Score, classes: int) -> None:
        super().__init__()
        self.score = score
        self.classes = classes
        self.add_state("confusion", torch.zeros(classes, classes, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, predicted: Tensor, target: Tensor) -> None:
        """Adds pixels: see :func:`confusion_matrix`."""
        self.confusion += confusion_matrix(predicted, target, self.classes)

    def compute(self) -> Tensor:
        """The score from 0 to 1."""
        return SCORES[self.score](self.confusion)
