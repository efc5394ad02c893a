"""What the datamodules of unconditional models share: single images to learn from, seeds to make images of."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch.utils.data import DataLoader, Dataset

from gan_lab import ranges
from gan_lab.datamodules.base import GANDataModule
from gan_lab.datasets import Seeds, SquareImages
from gan_lab.datasets.held_out import is_held_out
from gan_lab.datasets.image_source import ImageSource, Split
from gan_lab.datasets.images import ImageFile


class UnconditionalDataModule(GANDataModule):
    """Single images, of which the central squares are learned from; ``predict`` makes an image of each seed.

    Args:
        root: The folder of the data set.
        val_fraction: About how much of the images, from 0 to below 1, is kept for validation. Which ones depends on
            nothing but their names and ``split_seed``. With 0 all are trained on, and validated on.
        split_seed: Chooses other ones.
        seeds: What ``predict`` makes images of, such as ``0-63`` or ``1,5,9-12``.
        **kwargs: As of :class:`GANDataModule`, but for ``predict_folder``.

    Raises:
        ConfigurationError: As of :class:`GANDataModule`, if a fraction is out of range, or ``seeds`` are none.
    """

    data_set: ClassVar[str] = "images"
    _asked: Dataset[Any]

    def __init__(
        self,
        root: Path,
        val_fraction: ranges.Fraction = 0.0,
        split_seed: int = 0,
        seeds: str | int = "0-63",
        **kwargs: Any,
    ) -> None:
        ranges.require(UnconditionalDataModule, locals(), "data")
        super().__init__(predict_folder=None, **kwargs)
        self.root, self.val_fraction, self.split_seed = Path(root), val_fraction, split_seed
        self.seeds = self._asked = Seeds(str(seeds))
        is_held_out = self.is_held_out if val_fraction > 0 else None
        self.source = ImageSource(self.data_set, self.find_images, is_held_out, self.white_level)

    @abstractmethod
    def find_images(self) -> Sequence[ImageFile]:
        """All images of the data set; ``source`` asks once."""

    def is_held_out(self, image: ImageFile) -> bool:
        """Whether an image is kept for validation, if any is."""
        return is_held_out(image.name, self.val_fraction, self.split_seed)

    def split(self, split: Split, flip: bool = False, cache: bool = False) -> SquareImages:
        """The images to train on or those held out, perhaps mirrored at random; raises DatasetError for none."""
        images = self.source.split(split)
        return SquareImages(self.data_set, images, self.image_size, flip, cache, self.max_broken_fraction)

    def validation_data(self) -> SquareImages:
        """The images held out, as they are."""
        return self.split("val")

    def prediction_data(self) -> Dataset[Any]:
        """The seeds to make images of, or what is to be made of several."""
        return self._asked

    def reference_dataloader(self, split: Split) -> DataLoader[Any]:
        """This process's share of a split's images as they are, to measure others by; its dataset has a fingerprint."""
        return self._evaluation_loader(self.split(split))
