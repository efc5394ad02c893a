"""A loader whose batches come in groups: what a step is made of."""

import itertools
import math
from collections.abc import Iterator, Sized
from typing import Any, cast


class BatchGroups:
    """Lists of so many batches of a loader; the last one of an epoch has what is left.

    To Lightning a list is a batch, so that steps, intervals, limits and checkpoints count lists.

    Args:
        loader: Any loader. Ours is told, as ``loader.batches.group``, how many batches a step has.
        size: Batches in a list.
    """

    def __init__(self, loader: Any, size: int) -> None:
        self.loader = loader
        self.size = size
        if hasattr(loader, "batches"):
            loader.batches.group = size

    def __getattr__(self, name: str) -> Any:
        if name == "loader":
            raise AttributeError(name)  # a copy that is being made has none yet
        return getattr(self.loader, name)

    def __iter__(self) -> Iterator[list[Any]]:
        batches = iter(self.loader)
        while group := list(itertools.islice(batches, self.size)):
            yield group


class SizedGroups(BatchGroups):
    """Of a loader that knows how many batches it has."""

    def __len__(self) -> int:
        return math.ceil(len(cast(Sized, self.loader)) / self.size)


class ResumableGroups(SizedGroups):
    """Of a loader that goes on where a checkpoint left it: between two lists."""

    def state_dict(self) -> dict[str, Any]:
        """The loader's."""
        state: dict[str, Any] = self.loader.state_dict()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Hands it on to the loader."""
        self.loader.load_state_dict(state)


def in_groups(loader: Any, size: int) -> BatchGroups:
    """A loader's batches in lists of so many."""
    if hasattr(loader, "state_dict"):
        return ResumableGroups(loader, size)
    return SizedGroups(loader, size) if _is_sized(loader) else BatchGroups(loader, size)


def _is_sized(loader: Any) -> bool:
    try:
        len(loader)
    except (TypeError, NotImplementedError):  # of a stream
        return False
    return True
