"""What the values of a validation were measured on, so that those of two runs are known to be comparable."""

import hashlib
from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from gan_lab.callbacks.measurement import Measurement

_SAME_MEAN = 2.0  # of 255: decoders of pictures differ by less


def describe(trainer: Trainer) -> dict[str, float | str]:
    """A validation's data, and how callbacks measure, by name; where the data lies does not count.

    Args:
        trainer: In a validation.
    """
    found: dict[str, float | str] = {"trainer.limit_val_batches": str(trainer.limit_val_batches)}  # 1 is not 1.0
    loaders = trainer.val_dataloaders if isinstance(trainer.val_dataloaders, list) else [trainer.val_dataloaders]
    for place, loader in enumerate(loaders):
        if isinstance(loader, DataLoader):
            found |= {f"{name} of validation set {place}": value for name, value in _of_data(loader.dataset).items()}
    for callback in trainer.callbacks:  # type: ignore[attr-defined]  # Lightning's
        if isinstance(callback, Measurement):
            found[type(callback).__name__] = callback.description()
    return found


def difference(before: Mapping[str, float | str], now: Mapping[str, float | str]) -> str | None:
    """In what two validations differ; None if their values can be compared."""
    for name in (*now, *before):
        old, new = before.get(name, "not known"), now.get(name, "not there")
        close = isinstance(old, float) and isinstance(new, float) and abs(old - new) <= _SAME_MEAN
        if old != new and not (close and name.startswith("mean")):
            return f"{name} was {old} and is {new}"
    return None


def _of_data(data: Dataset[Any]) -> dict[str, float | str]:
    if not hasattr(data, "__len__") or len(data) == 0:
        return {}
    found: dict[str, float | str] = {"number of samples": float(len(data))}
    if hasattr(data, "files"):
        digest = hashlib.sha256()
        for path in (path for index in range(len(data)) for path in data.files(index)):
            digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        found["digest of names and sizes"] = digest.hexdigest()[:16]
    with isolate_rng():
        sample = data[0]
    for name, part in sample.items() if isinstance(sample, dict) else ():
        if isinstance(part, Tensor):
            found[f"shape of the first {name}"] = " x ".join(map(str, part.shape))
            found[f"mean of the first {name}"] = float(part.double().mean())
    return found
