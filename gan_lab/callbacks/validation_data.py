"""What the values of a validation were measured on, so that those of two runs are known to be comparable."""

import hashlib
from collections.abc import Iterable
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from gan_lab.callbacks.measurement import Measurement
from gan_lab.training.checkpoint_form import is_name

_SAME_MEAN = 2.0  # of 255: decoders of pictures differ by less


Description = dict[str, float | str]


def describe(trainer: Trainer, monitors: Iterable[str]) -> dict[str, Description]:
    """What values are measured on, and how by callbacks that measure; where the data lies does not count.

    Args:
        trainer: In a validation.
        monitors: The values' names.

    Returns:
        A description for each of the values.
    """
    data = _of_validation(trainer)
    found = {monitor: dict(data) for monitor in monitors}
    for callback in trainer.callbacks:  # type: ignore[attr-defined]  # Lightning's
        for name in (callback.validation_names() or ()) if isinstance(callback, Measurement) else ():
            if name in found:
                found[name][type(callback).__name__] = callback.description()
    return found


def difference(before: Description, now: Description) -> str | None:
    """In what two descriptions of a value differ; None if the values can be compared."""
    for name, new in now.items():
        old = before.get(name, "not known")
        close = isinstance(old, float) and isinstance(new, float) and abs(old - new) <= _SAME_MEAN
        if old != new and not (close and name.startswith("mean")):
            return f"{name} was {old} and is {new}"
    return None


def is_description(value: Any) -> bool:
    """Whether it is what :func:`describe` gives; one that was read from a file may be anything."""
    return isinstance(value, dict) and all(isinstance(part, float) or is_name(part) for part in value.values())


def _of_validation(trainer: Trainer) -> Description:
    found: Description = {"trainer.limit_val_batches": str(trainer.limit_val_batches)}  # 1 is not 1.0
    loaders = trainer.val_dataloaders if isinstance(trainer.val_dataloaders, list) else [trainer.val_dataloaders]
    for place, loader in enumerate(loaders):
        if isinstance(loader, DataLoader):
            found |= {f"{name} of validation set {place}": value for name, value in _of_data(loader.dataset).items()}
    return found


def _of_data(data: Dataset[Any]) -> Description:
    if not hasattr(data, "__len__") or len(data) == 0:
        return {}
    found: Description = {"number of samples": float(len(data))}
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
