"""A loader whose order and augmentations are pure functions of (seed, epoch, index), and which resumes mid-epoch."""

import itertools
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from gan_lab.errors import DatasetError
from gan_lab.seeding import Purpose, derive_seed, seed_generators
from gan_lab.stopping import leave_to_parent


class EpochSampler(Sampler[tuple[int, int]]):
    """One process's share of an epoch, in an order that depends on the seed and the epoch alone.

    It yields (epoch, index), so that workers know the epoch too. What does not divide by the number of processes is
    left out of this epoch.

    Args:
        length: Samples in the data set.
        seed: The run's seed.
        rank: This process.
        world_size: All processes.
    """

    def __init__(self, length: int, seed: int, rank: int = 0, world_size: int = 1) -> None:
        self.length = length
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.start = 0

    def set_epoch(self, epoch: int) -> None:
        """Chooses the permutation; Lightning calls it before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length // self.world_size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        generator = torch.Generator().manual_seed(derive_seed(Purpose.ORDER, self.seed, self.epoch))
        order = torch.randperm(self.length, generator=generator).tolist()
        mine = order[self.rank :: self.world_size][: len(self)]
        start, self.start = self.start, 0
        for index in mine[start:]:
            yield self.epoch, index


class ShardSampler(Sampler[int]):
    """One process's share of an evaluation: every sample once, none twice, in order.

    Fewer samples than processes are all in every share: means over them are the same, and no process is without any,
    which would leave the others waiting for it.
    """

    def __init__(self, length: int, rank: int = 0, world_size: int = 1) -> None:
        self._indices = range(length) if length < world_size else range(rank, length, world_size)

    def __len__(self) -> int:
        return len(self._indices)

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)


class ResumableBatchSampler(Protocol):
    """Which samples make up which batch, and how far that has been handed out."""

    seed: int
    begins_anew: bool
    group: int

    def __len__(self) -> int:
        """Batches in an epoch."""

    def __iter__(self) -> Iterator[list[tuple[int, ...]]]:
        """The rest of the epoch: for each sample of a batch (epoch, index), and what else the dataset wants to know."""

    def handed_out(self) -> None:
        """Takes note that the next batch has reached the training loop; workers ask for batches long before."""

    def state_dict(self) -> dict[str, int]:
        """All there is to keep."""

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Goes back to what was kept."""

    def rewind(self) -> None:
        """Forgets that, but for the count."""


class EpochBatchSampler:
    """An epoch's samples in batches of one size; an incomplete last one is dropped.

    Args:
        sampler: The order; its seed also seeds each sample's augmentation.
        batch_size: Samples a batch and process.

    Attributes:
        begins_anew: Whether a state was loaded of an epoch of other samples or batches, or of other processes.
        group: Batches of a step; training says so.

    Raises:
        DatasetError: If the samples do not fill one batch.
    """

    def __init__(self, sampler: EpochSampler, batch_size: int) -> None:
        if len(sampler) < batch_size:
            raise DatasetError(_too_few(sampler, batch_size))
        self.sampler = sampler
        self.batch_size = batch_size
        self.seed = sampler.seed
        self.begins_anew = False
        self.group = 1
        self._first_batch = 0
        self._handed_out = 0

    def __len__(self) -> int:
        return len(self.sampler) // self.batch_size

    def __iter__(self) -> Iterator[list[tuple[int, ...]]]:
        self._handed_out, self._first_batch = self._first_batch, 0
        self.sampler.start = self._handed_out * self.batch_size
        keys = iter(self.sampler)
        for _ in range(self._handed_out, len(self)):
            yield list(itertools.islice(keys, self.batch_size))

    def handed_out(self) -> None:
        """Counts a batch."""
        self._handed_out += 1

    def state_dict(self) -> dict[str, int]:
        """Batches of the current epoch that were handed out, and what makes it up."""
        return {"batch": self._handed_out} | self._makeup()

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Makes the next epoch begin after those batches; anew, if it is made up of others."""
        state = {"group": 1} | state
        self.begins_anew = any(state.get(name, number) != number for name, number in self._makeup().items())
        goes_on = not self.begins_anew and state["batch"] < len(self)
        self._first_batch = self._handed_out = state["batch"] if goes_on else 0

    def rewind(self) -> None:
        """Makes the next epoch begin with its first batch."""
        self._first_batch = 0

    def _makeup(self) -> dict[str, int]:
        sampler = self.sampler
        makeup = {"samples": sampler.length, "batch_size": self.batch_size, "processes": sampler.world_size}
        return makeup | {"group": self.group}


def _too_few(sampler: EpochSampler, batch_size: int) -> str:
    """What is said of samples that do not fill a batch in each process."""
    processes, fewer = sampler.world_size, "trainer.devices or trainer.num_nodes"
    if not len(sampler):
        given = f"{sampler.length} training samples are too few for {processes} processes: "
        return given + (f"lower {fewer}" if sampler.length else "there is nothing to train on")
    remedy = f"lower data.batch_size, which is {batch_size}"
    remedy += f", or {fewer}, of which there are {processes} processes" if sampler.length >= batch_size else ""
    return f"{len(sampler)} training samples a process do not fill one batch: {remedy}"


class _SeededSamples(Dataset[Any]):
    """Seeds the global generators for each sample before the dataset may draw from them."""

    def __init__(self, dataset: Dataset[Any], seed: int) -> None:
        self.dataset = dataset
        self.seed = seed

    def __getitem__(self, key: tuple[int, ...]) -> Any:
        epoch, index, *more = key
        seed_generators(derive_seed(Purpose.AUGMENTATION, self.seed, epoch, index))
        return self.dataset[(index, *more) if more else index]


class ResumableLoader(DataLoader[Any]):
    """A training loader that goes on in the middle of an epoch where a checkpoint left it.

    Lightning stores and restores its state by itself.

    Attributes:
        num_samples: Samples in the data set.

    Args:
        dataset: Any map-style dataset.
        batches: What is in each batch.
        num_workers: Processes that decode; 0 decodes in the training process.
        pin_memory: Whether batches are copied to memory from which a GPU reads faster.
    """

    def __init__(
        self, dataset: Dataset[Any], batches: ResumableBatchSampler, num_workers: int, pin_memory: bool
    ) -> None:
        super().__init__(
            _SeededSamples(dataset, batches.seed),
            batch_sampler=batches,
            num_workers=num_workers,
            pin_memory=pin_memory,
            persistent_workers=num_workers > 0,
            worker_init_fn=leave_to_parent,
            generator=torch.Generator(),  # or making an iterator would draw from the global generator
        )
        self.batches = batches
        self.num_samples = len(dataset)  # type: ignore[arg-type]  # map-style

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # a generator, so that set_epoch comes first
        for batch in super().__iter__():
            self.batches.handed_out()
            yield batch

    def state_dict(self) -> dict[str, int]:
        """How far batches were handed out."""
        return self.batches.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Makes the next epoch begin there."""
        self.batches.load_state_dict(state)


def evaluation_loader(
    data: Any,
    batch_size: int,
    num_workers: int,
    shard: tuple[int, int],
    kind: type[DataLoader[Any]] = DataLoader,
    **settings: Any,
) -> DataLoader[Any]:
    """Every sample once, in order: this process's share of them.

    Args:
        data: Any map-style dataset.
        batch_size: Samples a batch.
        num_workers: Processes that decode; 0 decodes in this one.
        shard: This process, and the number of all.
        kind: The loader's class.
        **settings: What else that is given.
    """
    sampler = ShardSampler(len(data), *shard)
    settings |= {"num_workers": num_workers, "worker_init_fn": leave_to_parent}
    return kind(data, batch_size=batch_size, sampler=sampler, **settings)
