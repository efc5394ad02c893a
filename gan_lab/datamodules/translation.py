"""What the datamodules for translating images share: scaled, cropped and mirrored images of one square size."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from gan_lab import ranges
from gan_lab.datamodules.base import GANDataModule
from gan_lab.errors import require
from gan_lab.images.transforms import Jitter


class TranslationDataModule(GANDataModule):
    """Images to translate, with the splits ``train``, ``val`` and perhaps ``test``.

    Args:
        load_size: Side to which images are scaled before a random crop to ``image_size`` (286 for 256 in the papers);
            the same as ``image_size`` for no crop, and a ConfigurationError below it.
        **kwargs: As of :class:`GANDataModule`.
    """

    root: Path

    def __init__(self, load_size: ranges.Pixels = 286, **kwargs: Any) -> None:
        ranges.require(TranslationDataModule, locals(), "data")
        super().__init__(**kwargs)
        require(
            load_size >= self.image_size,
            f"data.load_size must be at least data.image_size, {self.image_size}, to crop from, got {load_size}",
        )
        self.load_size = load_size

    @abstractmethod
    def split(self, name: str, load_size: int, jitter: Jitter | None = None) -> Dataset[Any]:
        """The images of one split, scaled to ``load_size`` and then jittered."""

    def training_data(self) -> Dataset[Any]:
        """The images of ``train``, scaled, cropped and mirrored."""
        return self.split("train", self.load_size, Jitter(self.image_size, self.flip))

    def validation_data(self) -> Dataset[Any]:
        """The images of ``val``, scaled to the training size."""
        return self.split("val", self.image_size)

    def test_data(self) -> Dataset[Any]:
        """The images of ``test``, or of ``val`` where there is no such folder."""
        return self.split("test" if (self.root / "test").is_dir() else "val", self.image_size)
