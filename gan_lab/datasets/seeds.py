"""Seeds to make images of."""

import re
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor
from torch.utils.data import Dataset

from gan_lab.errors import ConfigurationError, require
from gan_lab.samples import SeedRequest

LARGEST_SEED = 2**32 - 1  # NumPy's and torch's generators take 32 bits alike
MOST_SEEDS = 1_000_000  # more is a slip of the finger


class SeedDataset(Dataset[dict[str, int]]):
    """Base of what is made of seeds alone: there is no file to open or to find odd."""

    def files(self, index: int) -> list[Path]:
        """None: a seed comes from nowhere."""
        return []

    def oddities(self, index: int) -> Iterator[str]:
        """None."""
        yield from ()


class Seeds(SeedDataset):
    """Numbered images to be made: ``seed0000.png`` of seed 0, and so on.

    Args:
        spec: Seeds and ranges of them, both ends included, such as ``0-63`` or ``1,5,9-12``.

    Raises:
        ConfigurationError: If that is not what it is, a range runs backwards, or a seed comes twice.
    """

    def __init__(self, spec: str) -> None:
        self.seeds = parse_seeds(spec)

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, index: int) -> dict[str, int]:
        """One seed."""
        return {"seed": self.seeds[index]}

    def request(self, batch: dict[str, Tensor]) -> SeedRequest:
        """Asks for an image of each seed."""
        return SeedRequest.of(batch["seed"].tolist())


def parse_seeds(spec: str) -> list[int]:
    """The seeds that ``0-63`` or ``1,5,9-12`` stands for, in that order; raises ConfigurationError for nonsense."""
    seeds: list[int] = []
    for part in str(spec).split(","):
        bounds = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part, re.ASCII)
        if bounds is None:
            raise ConfigurationError(f"seeds are given like 0-63 or 1,5,9-12, not like '{spec}'")
        first, last = int(bounds[1]), int(bounds[2] or bounds[1])
        upwards = first <= last <= LARGEST_SEED
        require(upwards, f"seeds go upwards, to {LARGEST_SEED} at most: '{part.strip()}' does not")
        require(len(seeds) + last - first < MOST_SEEDS, f"'{spec}' are more than {MOST_SEEDS:,} seeds")
        seeds += range(first, last + 1)
    require(len(set(seeds)) == len(seeds), f"'{spec}' has a seed twice: one image would replace the other")
    return seeds
