"""Batches of the size and the resolution that growing networks want."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch

from gan_lab.schedules import GrowingSchedule
from gan_lab.seeding import Purpose, derive_seed


@dataclass(eq=False)
class GrowingBatchSampler:
    """Batches of the size and the resolution that the schedule wants, out of an endless stream of images.

    The stream is one pass over the data set after another, each in its own order; which images a step gets depends
    on nothing but the seed and on how many were seen before it. An epoch is so many steps.

    Attributes:
        length: Images in the data set.
        schedule: How the networks grow.
        steps: Steps an epoch.
        seed: The run's seed.
        images_seen: Says how many images the model has seen, over all processes. It is asked when an epoch begins, or
            goes on in its middle: the images of the epoch's steps before that are among them.
        rank: This process.
        world_size: All processes.
        group: Batches of a step, all of one resolution; training says so.

    Raises:
        ConfigurationError: If so many processes cannot share the images of every resolution.
    """

    length: int
    schedule: GrowingSchedule
    steps: int
    seed: int
    images_seen: Callable[[], int]
    rank: int = 0
    world_size: int = 1
    group: int = 1

    def __post_init__(self) -> None:
        self.begins_anew = False  # the stream goes on, whatever the batches
        self._first_step = 0  # of the next epoch
        self._batches = 0  # of this epoch, handed out
        self._order = lru_cache(2)(self._permutation)
        for side in self.schedule.resolutions:  # refuses now what could not be shared later
            self.schedule.batch_size_at(side, self.world_size)

    def __len__(self) -> int:
        return self.steps * self.group

    def __iter__(self) -> Iterator[list[tuple[int, ...]]]:
        images = self.images_seen()
        first, self._first_step = self._first_step, 0
        self._batches = first * self.group
        for _ in range(first, self.steps):
            side = self.schedule.stage(images).resolution
            size = self.schedule.batch_size_at(side, self.world_size)
            for start in range(images, images + self.group * size, size):
                mine = range(start + self.rank, start + size, self.world_size)
                places = (divmod(place, self.length) for place in mine)
                yield [(turn, self._order(turn)[place], side) for turn, place in places]
            images += self.group * size

    def handed_out(self) -> None:
        """Counts a batch."""
        self._batches += 1

    def state_dict(self) -> dict[str, int]:
        """Steps of the current epoch that were handed out."""
        return {"step": self._batches // self.group % self.steps}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Makes the next epoch go on after those steps, with any number of processes."""
        self._first_step = state["step"]
        self._batches = self._first_step * self.group

    def rewind(self) -> None:
        """Makes the next epoch have all its steps."""
        self._first_step = 0

    def _permutation(self, turn: int) -> list[int]:
        generator = torch.Generator().manual_seed(derive_seed(Purpose.ORDER, self.seed, turn))
        order: list[int] = torch.randperm(self.length, generator=generator).tolist()
        return order
