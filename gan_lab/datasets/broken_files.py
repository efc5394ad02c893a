"""Files that cannot be decoded, in training: named once and left out, up to a part of them."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.utils.data import Dataset

from gan_lab.errors import DatasetError, ImageReadError
from gan_lab.terminal import say

Read = TypeVar("Read")


class BrokenFiles:
    """Which of a data set's samples cannot be decoded, as all worker processes know.

    Args:
        data_set: What messages call it.
        count: How many samples there are.
        max_fraction: The part of them that may be broken, rounded up to whole ones; 0 for none.
    """

    def __init__(self, data_set: str, count: int, max_fraction: float) -> None:
        self.data_set = data_set
        self.max_fraction = max_fraction
        self._broken = torch.zeros(count, dtype=torch.bool).share_memory_()

    def first_whole(self, index: int, read: Callable[[int], Read]) -> tuple[int, Read]:
        """The first sample from an index on that can be decoded; broken ones are named, and not tried again.

        Args:
            index: Which one is wanted.
            read: Decodes the sample of an index.

        Returns:
            Its index, and what ``read`` made of it.

        Raises:
            ImageReadError: If it is broken and none may be.
            DatasetError: If more are broken than may be.
        """
        while True:
            if not self._broken[index]:
                try:
                    return index, read(index)
                except ImageReadError as error:
                    self._set_aside(index, error)
            index = (index + 1) % len(self._broken)

    def _set_aside(self, index: int, error: ImageReadError) -> None:
        """Remembers a broken sample, unless it is one too many."""
        if self.max_fraction == 0:
            raise error
        self._broken[index] = True
        count, samples = int(self._broken.sum()), len(self._broken)
        if count > math.ceil(self.max_fraction * samples) or count == samples:
            raise DatasetError(
                f"{self.data_set}: {count} of {samples} files cannot be decoded, the last one {error}: "
                "`gan-lab check` lists them all; unpack the data set anew, or raise data.max_broken_fraction"
            )
        say(f"{self.data_set}: left out {error} ({count} of {samples} files so far)", by_each=True)


class WholeSamples(Dataset[Any]):
    """A dataset of files in which the next whole sample stands in for a broken one.

    Args:
        data: The dataset, with ``files`` and ``oddities`` as all of files have.
        max_fraction: As of :class:`BrokenFiles`.
    """

    def __init__(self, data: Any, max_fraction: float) -> None:
        self.data = data
        self._broken = BrokenFiles(type(data).__name__, len(data), max_fraction)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> Any:
        """The sample, or the next one; raises as :meth:`BrokenFiles.first_whole`."""
        return self._broken.first_whole(index, self.data.__getitem__)[1]

    def files(self, index: int) -> list[Path]:
        """The files of one sample."""
        files: list[Path] = self.data.files(index)
        return files


def without_broken(data: Any, max_fraction: float) -> Any:
    """The dataset, which does without broken files from then on.

    Args:
        data: Any; one of several files a sample has ``leave_out``, which takes the fraction, and one that was made with
            a ``max_broken_fraction`` looks after its files already.
        max_fraction: As of :class:`BrokenFiles`.
    """
    if hasattr(data, "leave_out"):
        data.leave_out(max_fraction)
        return data
    own = hasattr(data, "max_broken_fraction") or not hasattr(data, "files")
    return data if own or max_fraction == 0 else WholeSamples(data, max_fraction)
