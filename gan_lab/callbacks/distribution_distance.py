"""How far generated images are from real ones, as distributions: measured at every validation."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from lightning.pytorch import LightningModule, Trainer
from torch import Tensor

from gan_lab import ranges
from gan_lab.callbacks.measurement import Measurement
from gan_lab.callbacks.output_files import unless_read_only
from gan_lab.errors import CheckpointError, ConfigurationError, DatasetError, require
from gan_lab.images.pixels import to_bytes
from gan_lab.metrics.distribution import (
    FeatureSums,
    combine,
    diversity,
    frechet_distance,
    kernel_distance,
    stride_to_keep,
    sum_features,
)
from gan_lab.metrics.extractors import FeatureExtractor
from gan_lab.samples import SeedRequest
from gan_lab.terminal import say
from gan_lab.training.distributed import any_process, gather
from gan_lab.training.gan_module import GANModule
from gan_lab.training.torch_files import read_torch_file, write_torch_file

MOST_KEPT = 10_000  # features for the kernel's distance, whose noise is far below what one can see there


class DistributionDistance(Measurement):
    """Logs Fréchet and kernel distances and the diversity of an unconditional model's images.

    With the extractor ``Inception`` they are ``val/fid`` and ``val/kid``; with any other ``val/frechet`` and
    ``val/kernel``, which only compare with others of the same extractor. ``val/diversity`` is the mean distance of two
    generated images relative to that of two real ones: far below 1, the model has collapsed, and 0 if all are the same.
    Any can be monitored. Fewer than two real images are refused at the start, and at the first validation those that
    all look the same.

    What is measured are the images of seeds 0, 1, 2 and so on, the same at every validation, on however many devices:
    not truncated, and each with noise of its own, as StyleGAN's released metrics draw them.
    Fréchet's distance falls with their number: compare figures of equal ``num_images`` only, and below 2,048 rather the
    kernel's. The real images' statistics are computed once, and kept until the files, the image size or the extractor
    change.

    Args:
        extractor: What sees the images: ``Inception``, ``RandomConvolutions``, or your own class.
        num_images: Generated images; null for as many as there are real ones.
        reference: The real images: all of the training split, as in most papers, or those held out; never mirrored.
        batch_size: Generated images at once.
        cache_folder: Where to keep the real images' statistics; null for ``statistics`` in the run's default_root_dir.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        num_images: ranges.AtLeastTwo | None = 10_000,
        reference: Literal["train", "val"] = "train",
        batch_size: ranges.Items = 64,
        cache_folder: Path | None = None,
    ) -> None:
        ranges.require(DistributionDistance, locals(), "DistributionDistance")
        self.extractor = extractor
        self.num_images = num_images
        self.reference: Literal["train", "val"] = reference
        self.batch_size = batch_size
        self.cache_folder = cache_folder
        self._real: FeatureSums | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Loads the extractor; refuses data that it cannot measure against."""
        if stage == "predict":
            return
        unconditional = hasattr(trainer.datamodule, "reference_dataloader")  # type: ignore[attr-defined]  # Lightning's
        require(unconditional, "DistributionDistance measures unconditional models: this data has pairs or domains")
        count = len(trainer.datamodule.reference_dataloader(self.reference).dataset)  # type: ignore[attr-defined]
        require(
            count >= 2,
            f"DistributionDistance compares with 2 real images or more, and the {self.reference} split has {count}: "
            "add pictures, change data.val_fraction or its reference, or leave the callback out",
        )
        self.extractor.prepare()

    def description(self) -> str:
        """The extractor and the images."""
        return f"{self.extractor.name}; {self.num_images} images against {self.reference}"

    def validation_names(self) -> set[str]:
        """Distances by what papers or we call them, and the diversity."""
        return {f"val/{name}" for name in (*self._distances(), "diversity")}

    def measure(self, trainer: Trainer, pl_module: LightningModule, prefix: str) -> None:
        """Measures, and logs as ``val/...`` or ``test/...``."""
        self.extractor.to(pl_module.device)
        real = self._real = self._real or self._real_sums(trainer, pl_module)
        if real.is_finite and not real.is_varied:
            raise DatasetError(
                f"DistributionDistance: all {real.count} real images look the same to {self.extractor.name}, so that "
                "there is no diversity to compare with: add other pictures to data.root, or leave the callback out"
            )
        fake = self._fake_sums(trainer, pl_module, self.num_images or real.count)
        if len(real.total) != len(fake.total):
            raise DatasetError(
                f"the real images' statistics are of {len(real.total)} features, and {self.extractor.name} sees "
                f"{len(fake.total)}: delete {self._folder(trainer)}"
            )
        frechet, kernel = self._distances()
        figures = {
            frechet: frechet_distance(real, fake),
            kernel: kernel_distance(real, fake),
            "diversity": diversity(real, fake),
        }
        pl_module.log_dict({f"{prefix}/{name}": value for name, value in figures.items()}, rank_zero_only=False)

    def _distances(self) -> tuple[str, str]:
        return ("fid", "kid") if self.extractor.comparable else ("frechet", "kernel")

    def _fake_sums(self, trainer: Trainer, pl_module: LightningModule, count: int) -> FeatureSums:
        sampler = pl_module.sampler if isinstance(pl_module, GANModule) else None
        if sampler is None:
            raise ConfigurationError(
                f"DistributionDistance measures images of seeds, {type(pl_module).__name__} has none"
            )
        seeds = range(trainer.global_rank, count, trainer.world_size)
        batches = (seeds[start : start + self.batch_size] for start in range(0, len(seeds), self.batch_size))
        features = (self._see(sampler.samples(SeedRequest.of(batch))) for batch in batches)
        return combine(gather(sum_features(features, seeds, stride_to_keep(count, MOST_KEPT))))

    def _real_sums(self, trainer: Trainer, pl_module: LightningModule) -> FeatureSums:
        """From the disk if all processes find them there."""
        loader = trainer.datamodule.reference_dataloader(self.reference)  # type: ignore[attr-defined]
        key = hashlib.sha256(f"{loader.dataset.fingerprint()}\n{self.extractor.identity()}\n{MOST_KEPT}".encode())
        path = self._folder(trainer) / f"{key.hexdigest()[:32]}.pt"
        count = len(loader.dataset)
        kept = _load(path)
        if any_process(kept is not None and not kept.is_of(count)):
            raise DatasetError(f"{path} holds other statistics than those of {count} images: delete {path.parent}")
        if not any_process(kept is None) and kept is not None:
            return kept
        say(f"looking at {count:,} real images with {self.extractor.name}, once")
        features = (self._see(batch["image"].to(pl_module.device), real=True) for batch in loader)
        places = list(loader.sampler)
        parts = gather(sum_features(features, places, stride_to_keep(count, MOST_KEPT)))
        sums = combine(parts[:1] if len(places) == count else parts)  # few images are all seen by every process
        if trainer.is_global_zero:
            with unless_read_only():
                write_torch_file(asdict(sums), path)
        return sums

    def _folder(self, trainer: Trainer) -> Path:
        """Where the real images' statistics are kept."""
        return Path(self.cache_folder or Path(trainer.default_root_dir) / "statistics")

    def _see(self, images: Tensor, real: bool = False) -> Tensor:
        images = images if real else to_bytes(images)  # a data set has bytes already
        features: Tensor = self.extractor(images.expand(-1, 3, -1, -1))
        return features


def _load(path: Path) -> FeatureSums | None:
    """What was kept; None if it is not there, or not whole."""
    try:
        return FeatureSums(**read_torch_file(path, kind="file of statistics"))
    except (CheckpointError, TypeError):
        return None
