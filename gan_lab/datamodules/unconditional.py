"""What the datamodules of unconditional models share: single images to learn from, seeds to make images of."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from torch.utils.data import DataLoader

from gan_lab.datamodules.base import GANDataModule, require_positive
from gan_lab.datasets import Seeds, SquareImages
from gan_lab.datasets.held_out import is_held_out
from gan_lab.datasets.images import ImageFile
from gan_lab.errors import ConfigurationError, DatasetError

Split = Literal["train", "val"]


class UnconditionalDataModule(GANDataModule):
    """The central squares of single images; ``predict`` makes an image of each seed.

    Args:
        root: The folder of the data set.
        image_size: Side of the images in pixels; the model's ``image_size``.
        flip: Whether half the training images are mirrored.
        held_out_share: About how much of the images, from 0 to below 1, is kept for validation. Which ones depends on
            nothing but their names and ``split_seed``. With 0 all are trained on, and validated on.
        split_seed: Chooses other ones.
        broken_share: The part of the files that may be broken; each such file is named and left out. 0 ends
            training at the first one.
        cache: Whether to keep decoded training images in memory (3 x image_size x image_size bytes each).
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation, test and prediction.
        num_workers: Processes that decode images; 0 decodes in the training process.
        seeds: What ``predict`` makes images of, such as ``0-63`` or ``1,5,9-12``.

    Raises:
        ConfigurationError: If a share is out of range, or ``seeds`` are none.
    """

    data_set: ClassVar[str] = "images"

    def __init__(
        self,
        root: Path,
        image_size: int = 64,
        flip: bool = False,
        held_out_share: float = 0.05,
        split_seed: int = 0,
        broken_share: float = 0.01,
        cache: bool = False,
        batch_size: int = 128,
        eval_batch_size: int = 64,
        num_workers: int = 2,
        seeds: str | int = "0-63",
    ) -> None:
        super().__init__(batch_size, eval_batch_size, num_workers)
        for name, share in (("held_out_share", held_out_share), ("broken_share", broken_share)):
            if not 0 <= share < 1:
                raise ConfigurationError(f"data.{name} must be from 0 to below 1, got {share}")
        require_positive("image_size", image_size)
        self.root = Path(root)
        self.image_size = image_size
        self.flip = flip
        self.held_out_share = held_out_share
        self.split_seed = split_seed
        self.broken_share = broken_share
        self.cache = cache
        self.seeds = Seeds(str(seeds))

    @abstractmethod
    def find_images(self) -> Sequence[ImageFile]:
        """All images of the data set."""

    @cached_property
    def images(self) -> Sequence[ImageFile]:
        """All images of the data set, looked for once."""
        return self.find_images()

    def split(self, split: Split, flip: bool = False, cache: bool = False) -> SquareImages:
        """The images to train on, or those held out; as they are, or mirrored half of the time.

        Raises:
            DatasetError: If there is none.
        """
        chosen = [image for image in self.images if self._is_held_out(image) == (split == "val")]
        if self.held_out_share == 0:
            chosen = list(self.images)
        if not chosen:
            raise DatasetError(
                f"{self.data_set}: of {len(self.images)} images none is "
                f"{'held out' if split == 'val' else 'left to train on'}: change data.held_out_share or data.split_seed"
            )
        return SquareImages(self.data_set, chosen, self.image_size, flip, cache, self.broken_share)

    def training_data(self) -> SquareImages:
        """All images but those held out, mirrored half of the time if so configured."""
        return self.split("train", self.flip, self.cache)

    def validation_data(self) -> SquareImages:
        """The images held out, as they are."""
        return self.split("val")

    def prediction_data(self) -> Seeds:
        """The seeds to make images of."""
        return self.seeds

    def reference_dataloader(self, split: Split) -> DataLoader[Any]:
        """This process's share of a split's images, each once and as it is: what generated ones are measured against.

        Its ``dataset`` has a ``fingerprint``.
        """
        return self._evaluation_loader(self.split(split), self.eval_batch_size)

    def _is_held_out(self, image: ImageFile) -> bool:
        return is_held_out(image.name, self.held_out_share, self.split_seed)
