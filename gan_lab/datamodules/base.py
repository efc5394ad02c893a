"""What all datamodules share: loaders that resume and shard exactly, and bytes to floats on the device."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from gan_lab import ranges
from gan_lab.datasets import ImageFolder, loader
from gan_lab.datasets.broken_files import without_broken
from gan_lab.datasets.dark_pictures import say_if_dark
from gan_lab.datasets.paired_images import colors_of_sources
from gan_lab.datasets.prediction_data import PredictionData
from gan_lab.datasets.prediction_loader import prediction_loader
from gan_lab.datasets.splits import BuiltSplits, require_samples_of
from gan_lab.images.pixels import from_bytes
from gan_lab.samples import PredictionRequest
from gan_lab.seeding import run_seed


class GANDataModule(LightningDataModule, ABC):
    """Base of every datamodule: a data set says what its splits are, this says how they are read.

    Args:
        image_size: Side of the training images in pixels; the model's ``image_size``.
        flip: Whether half the training samples are mirrored, joints with people; no if left and right mean something.
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation, test and prediction.
        num_workers: Processes that decode or draw images; 0 does so in the training process.
        predict_folder: Pictures, or one, of any size for ``predict``; without it ``predict`` takes samples held out.
        white_level: White in files of more than 8 bits, such as 4095 for 12 bits; None for the largest of their depth.
        max_broken_fraction: What part of the files may be broken: each is named, and the next one taken; 0 for none.

    Raises:
        ConfigurationError: If a number is out of its range.
    """

    shared: ClassVar[tuple[str, ...]] = ("image_size",)  # the options that models have too
    output_folder: Path | None = None  # where predict writes, if it has said so
    passes_over_broken = False  # whether predict does without files that cannot be decoded

    def __init__(
        self,
        image_size: ranges.Pixels = 256,
        flip: bool = True,
        batch_size: ranges.Items = 1,
        eval_batch_size: ranges.Items = 1,
        num_workers: ranges.Workers = 2,
        predict_folder: Path | None = None,
        white_level: ranges.WhiteLevel | None = None,
        max_broken_fraction: ranges.Fraction = 0.0,
    ) -> None:
        ranges.require(GANDataModule, locals(), "data")
        super().__init__()
        self.image_size, self.flip, self.max_broken_fraction = image_size, flip, max_broken_fraction
        self.batch_size, self.eval_batch_size = batch_size, eval_batch_size
        self.num_workers, self.predict_folder, self.white_level = num_workers, predict_folder, white_level
        self._splits = BuiltSplits()

    @classmethod
    def shared_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What a model of this data is built for: the data's options, or what all data of the class have."""
        return {name: settings[name] if name in settings else getattr(cls, name) for name in cls.shared}

    @abstractmethod
    def training_data(self) -> Dataset[Any]:
        """The training split, augmented."""

    @abstractmethod
    def validation_data(self) -> Dataset[Any]:
        """The held-out split that is measured while training, as it is."""

    def test_data(self) -> Dataset[Any]:
        """The split for the final figures; the validation split where a data set has no other."""
        return self.validation_data()

    def prediction_data(self) -> Dataset[Any]:
        """What ``predict`` is asked for: its samples, collated, make up a request (see :class:`PredictionData`)."""
        if self.predict_folder is None:
            return self.test_data()
        return ImageFolder(self.predict_folder, self.white_level, self.output_folder, colors_of_sources(self))

    def splits(self) -> dict[str, Dataset[Any]]:
        """Every split by name, as the commands read them."""
        splits = {"train": self.training_data(), "val": self.validation_data(), "test": self.test_data()}
        return splits | ({} if self.predict_folder is None else {"predict": self.prediction_data()})

    def batch_sampler(self, length: int) -> loader.ResumableBatchSampler:
        """Which of so many training samples make up which batch; raises DatasetError if they do not fill one."""
        sampler = loader.EpochSampler(length, run_seed(), *self._rank_and_world_size())
        return loader.EpochBatchSampler(sampler, self.batch_size)

    def prepare_data(self) -> None:
        """Builds what a run will read before it writes anything; no validation split if none of it is asked for."""
        if self.trainer is not None and self.trainer.state.fn == "fit":
            self.batch_sampler(len(self._splits.build("train", self.training_data)))
            if self.trainer.limit_val_batches != 0:
                val = self._splits.build("val", self.validation_data)
                require_samples_of(without_broken(val, self.max_broken_fraction), "val")

    def train_dataloader(self) -> loader.ResumableLoader:
        """Shuffled, augmented, endless in its variety, and resumable at any batch."""
        data = self._splits.take("train", self.training_data)
        say_if_dark(data, self.white_level)
        data = without_broken(data, self.max_broken_fraction)
        batches = self.batch_sampler(len(data))
        return loader.ResumableLoader(data, batches, self.num_workers, pin_memory=torch.cuda.is_available())

    def val_dataloader(self) -> DataLoader[Any]:
        """Every validation sample once, in order."""
        return self._evaluation_loader(self._splits.take("val", self.validation_data))

    def test_dataloader(self) -> DataLoader[Any]:
        """Every test sample once, in order."""
        return self._evaluation_loader(self.test_data())

    def predict_dataloader(self) -> DataLoader[Any]:
        """Every picture once, in order; one at a time where their sizes differ."""
        data = self.prediction_data()
        say_if_dark(data, self.white_level)
        self._predicted = cast(PredictionData, data)
        size = 1 if isinstance(data, ImageFolder) else self.eval_batch_size
        return prediction_loader(data, size, self.num_workers, self._rank_and_world_size(), self.passes_over_broken)

    def on_after_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any] | PredictionRequest:
        """Turns bytes into floats in [-1, 1], on the device: a quarter of the traffic before it.

        They have the precision of the model's weights. In ``predict`` the batch becomes the request that it stands for.
        """
        dtype = torch.float32 if self.trainer is None else cast(torch.dtype, self.trainer.lightning_module.dtype)
        images = {key: value for key, value in batch.items() if getattr(value, "dtype", None) == torch.uint8}
        floats = batch | {key: from_bytes(value, dtype) for key, value in images.items()}
        predicting = self.trainer is not None and self.trainer.predicting
        return self._predicted.request(floats) if predicting else floats

    def _evaluation_loader(self, data: Dataset[Any]) -> DataLoader[Any]:
        data = without_broken(data, self.max_broken_fraction)
        return loader.evaluation_loader(data, self.eval_batch_size, self.num_workers, self._rank_and_world_size())

    def _rank_and_world_size(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer is not None else (0, 1)
