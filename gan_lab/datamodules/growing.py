"""What the datamodules of growing networks share: the resolution and the number of images that each step wants."""

from pathlib import Path
from typing import Any, ClassVar

from torch.utils.data import DataLoader, Subset

from gan_lab import ranges
from gan_lab.datamodules.unconditional import UnconditionalDataModule
from gan_lab.datasets.growing_batch_sampler import GrowingBatchSampler
from gan_lab.datasets.growing_images import GrowingImages
from gan_lab.datasets.latent_walks import parse_layers
from gan_lab.datasets.seeded_predictions import Prediction, what_to_predict
from gan_lab.schedules import GrowingSchedule, style_layer_count
from gan_lab.seeding import run_seed


class GrowingDataModule(UnconditionalDataModule):
    """The central squares of single images, at the resolution that growing networks have reached.

    Args:
        schedule: How the networks grow, the model's too.
        store: A folder for the small resolutions of all training images, which are made when training first begins
            (65 kB an image up to 128 pixels); None for ``.gan-lab`` in ``root``.
        store_side: The largest resolution that is stored; larger ones are decoded each time. 0 for no store.
        steps_per_epoch: Steps after which an epoch ends, for checkpoints and validation.
        predict: What ``predict`` makes of ``seeds``: ``seeds``, an image of each; ``mixing``, a grid of a row for each
            of them and a column for each of ``column_seeds``; ``interpolation``, a film along a closed path through
            all of them.
        column_seeds: The columns' seeds of ``mixing``.
        mixed_layers: The layers in which ``mixing`` takes the columns' styles: ``coarse`` (4 and 8 pixels), ``middle``
            (16 and 32), ``fine`` (from 64), or a range such as ``4-7``.
        frames: Frames of ``interpolation``.
        **kwargs: As of :class:`UnconditionalDataModule`; ``image_size`` and ``batch_size`` are the schedule's.
    """

    shared: ClassVar[tuple[str, ...]] = ("schedule",)

    def __init__(
        self,
        root: Path,
        schedule: GrowingSchedule,
        store: Path | None = None,
        store_side: ranges.ResolutionOrNone = 128,
        steps_per_epoch: ranges.PositiveInt = 1000,
        predict: Prediction = "seeds",
        column_seeds: str | int | None = None,
        mixed_layers: str | int = "coarse",
        frames: ranges.Items = 240,
        eval_batch_size: ranges.Items = 16,
        **kwargs: Any,
    ) -> None:
        ranges.require(GrowingDataModule, locals(), "data")
        super().__init__(root, image_size=schedule.resolution, batch_size=1, eval_batch_size=eval_batch_size, **kwargs)
        self.store = self.root / ".gan-lab" if store is None else Path(store)
        self.schedule, self.store_side, self.steps_per_epoch = schedule, store_side, steps_per_epoch
        layers = parse_layers(str(mixed_layers), style_layer_count(schedule.resolution))
        self._asked = what_to_predict(predict, self.seeds, column_seeds, layers, frames)

    def prepare_data(self) -> None:
        """Makes the store of small images, too, once nothing is known to be missing."""
        super().prepare_data()
        if self.trainer is not None and self.trainer.state.fn == "fit":
            self.training_data().prepare()

    def training_data(self) -> GrowingImages:
        """All images but those held out, at every resolution, mirrored half of the time if so configured."""
        images, sides = self.source.split("train"), self.schedule.resolutions
        store = (self.store, self.store_side, self.max_broken_fraction)
        return GrowingImages(self.data_set, images, sides, self.flip, *store)

    def batch_sampler(self, length: int) -> GrowingBatchSampler:
        """The images that each step wants, at the size it wants."""
        place = self._rank_and_world_size()
        return GrowingBatchSampler(length, self.schedule, self.steps_per_epoch, run_seed(), self._images_seen, *place)

    def val_dataloader(self) -> DataLoader[Any]:
        """One batch of validation images, to be shown: nothing is measured on each of them."""
        data = self._splits.take("val", self.validation_data)
        shown = Subset(data, range(min(len(data), self.eval_batch_size)))
        return self._evaluation_loader(shown)

    test_dataloader = val_dataloader

    def _images_seen(self) -> int:
        """Images that the model has seen; 0 without a trainer."""
        model: Any = None if self.trainer is None else self.trainer.lightning_module
        return 0 if model is None else int(model.images_seen)
