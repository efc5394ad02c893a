"""What the datamodules of images of one size share."""

from pathlib import Path
from typing import Any

from gan_lab import ranges
from gan_lab.datamodules.unconditional import UnconditionalDataModule
from gan_lab.datasets import SquareImages


class SquareImagesDataModule(UnconditionalDataModule):
    """The central squares of single images, scaled to one size.

    Args:
        cache: Whether to keep decoded training images in memory (3 x image_size x image_size bytes each).
        **kwargs: As of :class:`UnconditionalDataModule`.
    """

    def __init__(
        self,
        root: Path,
        cache: bool = False,
        image_size: ranges.Pixels = 64,
        flip: bool = False,
        val_fraction: ranges.Fraction = 0.05,
        max_broken_fraction: ranges.Fraction = 0.01,
        batch_size: ranges.Items = 128,
        eval_batch_size: ranges.Items = 64,
        **kwargs: Any,
    ) -> None:
        parts: dict[str, Any] = {"val_fraction": val_fraction, "max_broken_fraction": max_broken_fraction}
        batches: dict[str, Any] = {"batch_size": batch_size, "eval_batch_size": eval_batch_size}
        super().__init__(root, image_size=image_size, flip=flip, **parts, **batches, **kwargs)
        self.cache = cache

    def training_data(self) -> SquareImages:
        """All images but those held out, mirrored half of the time if so configured."""
        return self.split("train", self.flip, self.cache)
