"""The splits of a run, built before it writes anything, so that what they lack does not show hours later."""

from collections.abc import Callable
from typing import Any

from torch.utils.data import Dataset

from gan_lab.errors import DatasetError

_TRIED = 8  # samples of a split that are decoded before training


class BuiltSplits:
    """Splits that are built ahead of the loaders that read them, each of which takes its own."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def build(self, name: str, make: Callable[[], Dataset[Any]]) -> Any:
        """Builds a split and keeps it until it is taken."""
        self._built[name] = make()
        return self._built[name]

    def take(self, name: str, make: Callable[[], Dataset[Any]]) -> Any:
        """The split that was built under a name, once; else another."""
        return self._built.pop(name) if name in self._built else make()


def require_samples_of(data: Any, name: str) -> None:
    """Decodes some samples from all over a split.

    Args:
        data: A map-style dataset.
        name: What messages call it.

    Raises:
        DatasetError: If it has no sample.
        ImageReadError: Naming the file, if one of these samples cannot be decoded.
    """
    if not len(data):
        raise DatasetError(f"the {name} split holds no sample: give it some, or set trainer.limit_val_batches to 0")
    for index in sorted({number * len(data) // _TRIED for number in range(_TRIED)}):
        data[index]
