"""Networks that could not be trained in this machine's memory are refused while they are built."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gan_lab.errors import require

_COPIES = 4  # of each weight in training: itself, its gradient and Adam's two moments


class _Counted(TorchFunctionMode):
    """Counts what is allocated for weights, before they are filled."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__()
        self._most, self._bytes = most_bytes, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func is torch.empty:
            self._bytes += made.nbytes
            require(
                self._bytes <= self._most,
                f"there is not enough memory for what is configured: the networks' weights and what training keeps of "
                f"each need more than the {_COPIES * self._most / 2**30:.0f} GiB here: lower the sizes of model and "
                "data",
            )
        return made


@contextmanager
def within_memory() -> Iterator[None]:
    """Within it networks are refused whose training needs more memory than there is; raises ConfigurationError."""
    if not hasattr(os, "sysconf"):  # Windows
        yield
        return
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with _Counted(memory // _COPIES):
        yield
