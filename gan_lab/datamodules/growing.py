"""What the datamodules of growing networks share: the resolution and the number of images that each step wants."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import torch
from torch.utils.data import DataLoader, Dataset, Subset

from gan_lab.datamodules.loader import ResumableLoader
from gan_lab.datamodules.unconditional import UnconditionalDataModule
from gan_lab.datasets.growing_images import GrowingImages
from gan_lab.datasets.latent_walks import ClosedPath, StyleMixes, parse_layers
from gan_lab.datasets.seeds import Seeds, parse_seeds
from gan_lab.errors import ConfigurationError
from gan_lab.schedules import GrowingSchedule, style_layer_count
from gan_lab.seeding import derive_seed, run_seed

Prediction = Literal["seeds", "mixing", "interpolation"]


class GrowingBatches:
    """Batches of the size and the resolution that the schedule wants, out of an endless stream of images.

    The stream is one pass over the data set after another, each in its own order; which images a step gets depends
    on nothing but the seed and on how many were seen before it. An epoch is so many steps.

    Args:
        length: Images in the data set.
        schedule: How the networks grow.
        steps: Steps an epoch.
        seed: The run's seed.
        rank: This process.
        world_size: All processes.
        images: Images handed out before, to all processes.
    """

    def __init__(
        self,
        length: int,
        schedule: GrowingSchedule,
        steps: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        images: int = 0,
    ) -> None:
        self.length = length
        self.schedule = schedule
        self.steps = steps
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.images = images
        self._first_step = 0  # of the next epoch
        self._step = 0  # of this epoch, handed out
        self._order = lru_cache(2)(self._permutation)
        for side in schedule.resolutions:  # refuses now what could not be shared later
            schedule.batch_size_at(side, world_size)

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[list[tuple[int, ...]]]:
        images = self.images
        self._step, self._first_step = self._first_step, 0
        for _ in range(self._step, self.steps):
            side = self.schedule.stage(images).resolution
            size = self.schedule.batch_size_at(side, self.world_size)
            places = (divmod(place, self.length) for place in range(images + self.rank, images + size, self.world_size))
            yield [(turn, self._order(turn)[place], side) for turn, place in places]
            images += size

    def handed_out(self) -> None:
        """Counts a step and its images."""
        self.images += self.schedule.batch_size(self.images, self.world_size)
        self._step += 1

    def state_dict(self) -> dict[str, int]:
        """Images handed out since training began, and steps of the current epoch."""
        return {"images": self.images, "step": self._step % self.steps}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Makes the next epoch go on from there, with any number of processes."""
        self.images, self._first_step = state["images"], state["step"]

    def _permutation(self, turn: int) -> list[int]:
        generator = torch.Generator().manual_seed(derive_seed(self.seed, turn))
        order: list[int] = torch.randperm(self.length, generator=generator).tolist()
        return order


class GrowingDataModule(UnconditionalDataModule):
    """The central squares of single images, at the resolution that growing networks have reached.

    Args:
        root: The folder of the data set.
        schedule: How the networks grow; the model's ``schedule``.
        flip: Whether half the training images are mirrored.
        held_out_share: About how much of the images, from 0 to below 1, is kept for validation. Which ones depends on
            nothing but their names and ``split_seed``. With 0 all are trained on, and validated on.
        split_seed: Chooses other ones.
        broken_share: The part of the files that may be broken; each such file is named once and left out. 0 ends
            training at the first one.
        store: A folder for the small resolutions of all training images, which are made when training first begins
            (65 kB an image up to 128 pixels); None for ``.gan-lab`` in ``root``.
        store_side: The largest resolution that is stored; larger ones are decoded each time. 0 for no store.
        steps_per_epoch: Steps after which an epoch ends, for checkpoints and validation.
        eval_batch_size: Samples a batch in validation, test and prediction.
        num_workers: Processes that decode images; 0 decodes in the training process.
        seeds: What ``predict`` makes images of, such as ``0-63`` or ``1,5,9-12``.
        predict: What it makes of them: ``seeds``, an image of each; ``mixing``, a grid of a row for each of them and a
            column for each of ``column_seeds``; ``interpolation``, a film along a closed path through all of them.
        column_seeds: The columns' seeds of ``mixing``.
        mixed_layers: The layers in which ``mixing`` takes the columns' styles: ``coarse`` (4 and 8 pixels), ``middle``
            (16 and 32), ``fine`` (from 64), or a range such as ``4-7``.
        frames: Frames of ``interpolation``.

    Raises:
        ConfigurationError: If these do not fit together.
    """

    def __init__(
        self,
        root: Path,
        schedule: GrowingSchedule,
        flip: bool = True,
        held_out_share: float = 0.0,
        split_seed: int = 0,
        broken_share: float = 0.0,
        store: Path | None = None,
        store_side: int = 128,
        steps_per_epoch: int = 1000,
        eval_batch_size: int = 16,
        num_workers: int = 2,
        seeds: str | int = "0-63",
        predict: Prediction = "seeds",
        column_seeds: str | int | None = None,
        mixed_layers: str | int = "coarse",
        frames: int = 240,
    ) -> None:
        super().__init__(
            root,
            schedule.resolution,
            flip,
            held_out_share,
            split_seed,
            broken_share,
            batch_size=eval_batch_size,  # the schedule says how many are trained on
            eval_batch_size=eval_batch_size,
            num_workers=num_workers,
            seeds=seeds,
        )
        if steps_per_epoch < 1:
            raise ConfigurationError(f"data.steps_per_epoch must be at least 1, got {steps_per_epoch}")
        if (predict == "mixing") != (column_seeds is not None):
            raise ConfigurationError(
                f"data.column_seeds are the columns of data.predict 'mixing': it has them and no other, not '{predict}'"
                if column_seeds is not None
                else "data.predict 'mixing' needs data.column_seeds, such as 64-68"
            )
        self.schedule = schedule
        self.store = self.root / ".gan-lab" if store is None else Path(store)
        self.store_side = store_side
        self._images_seen = 0
        self._batches: GrowingBatches | None = None
        self.steps_per_epoch = steps_per_epoch
        self._prediction: Dataset[Any] = self._what_to_predict(predict, column_seeds, str(mixed_layers), frames)

    @classmethod
    def shared_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The schedule by which the networks grow."""
        return {"schedule": settings["schedule"]}

    def prepare_data(self) -> None:
        """Makes the store of small images before training, in one process of each machine."""
        if self.trainer is not None and self.trainer.state.fn == "fit":
            self.training_data().prepare()

    def training_data(self) -> GrowingImages:  # type: ignore[override]  # of many sizes
        """All images but those held out, at every resolution, mirrored half of the time if so configured."""
        return GrowingImages(
            self.data_set,
            self.split("train").images,
            self.schedule.resolutions,
            self.flip,
            self.store,
            self.store_side,
            self.broken_share,
        )

    def train_dataloader(self) -> ResumableLoader:
        """The images that each step wants, at the size it wants; resumable at any step."""
        data = self.training_data()
        rank, world_size = self._rank_and_world_size()
        self._batches = GrowingBatches(
            len(data), self.schedule, self.steps_per_epoch, run_seed(), rank, world_size, self._images_seen
        )
        return ResumableLoader(data, self._batches, self.num_workers, pin_memory=torch.cuda.is_available())

    def val_dataloader(self) -> DataLoader[Any]:
        """One batch of validation images, to be shown: nothing is measured on each of them."""
        data = self.validation_data()
        _, processes = self._rank_and_world_size()
        count = max(processes, min(len(data), self.eval_batch_size))  # one without any would leave the others waiting
        shown = Subset(data, [index % len(data) for index in range(count)])
        return self._evaluation_loader(shown, self.eval_batch_size)

    test_dataloader = val_dataloader

    def state_dict(self) -> dict[str, int]:
        """Images handed out: at an epoch's end Lightning restores no loader's state."""
        return {"images": self._images_seen if self._batches is None else self._batches.images}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Has training go on from there."""
        self._images_seen = state["images"]

    def prediction_data(self) -> Dataset[Any]:  # type: ignore[override]  # seeds are one of three
        """The seeds to make images of, or what is to be made of several."""
        return self._prediction

    def _what_to_predict(
        self, predict: Prediction, column_seeds: str | int | None, mixed_layers: str, frames: int
    ) -> Dataset[Any]:
        layers = parse_layers(mixed_layers, style_layer_count(self.schedule.resolution))
        match predict:
            case "mixing":
                return StyleMixes(self.seeds.seeds, parse_seeds(str(column_seeds)), layers)
            case "interpolation":
                return ClosedPath(self.seeds.seeds, frames)
        return Seeds(",".join(map(str, self.seeds.seeds)))
