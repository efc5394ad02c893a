"""Values that Lightning's Trainer would take and do nothing sensible with: ranges, counts of processes, folders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch
from jsonargparse import Namespace

from gan_lab import ranges
from gan_lab.errors import require
from gan_lab.ranges import NonNegativeFloat, NonNegativeInt, PositiveInt, Range

_ONE_OR_ENDLESS = Annotated[int, Range(at_least=-1)]
_SHARE_OR_BATCHES = ("limit_train_batches", "limit_val_batches", "limit_test_batches", "limit_predict_batches")
_RANGES: Mapping[str, Any] = {
    "accumulate_grad_batches": PositiveInt,
    "check_val_every_n_epoch": PositiveInt,
    "gradient_clip_val": NonNegativeFloat,
    "log_every_n_steps": NonNegativeInt,
    "max_epochs": _ONE_OR_ENDLESS,
    "max_steps": _ONE_OR_ENDLESS,
    "min_epochs": NonNegativeInt,
    "min_steps": NonNegativeInt,
    "num_nodes": Annotated[int, Range(at_least=1, at_most=10_000)],
    "num_sanity_val_steps": _ONE_OR_ENDLESS,
    "reload_dataloaders_every_n_epochs": NonNegativeInt,
    "fast_dev_run": NonNegativeInt,
}
_OF_CALLBACKS: Mapping[str, Any] = {"patience": NonNegativeInt, "min_delta": NonNegativeFloat}  # of EarlyStopping
_FOLDERS_OF_CALLBACKS = ("dirpath",)  # of ModelCheckpoint
_MOST_DEVICES = 1_024  # of one machine


def require_trainer_values(trainer: Namespace) -> None:
    """Refuses a trainer's options before it is built.

    Args:
        trainer: The section ``trainer`` of a command's configuration, parsed and not yet instantiated.

    Raises:
        ConfigurationError: Naming the first one that is out of its range.
    """
    for option, kind in _RANGES.items():
        ranges.require_value(trainer.get(option), kind, f"trainer.{option}")
    for option in (*_SHARE_OR_BATCHES, "overfit_batches", "val_check_interval"):
        _require_share(trainer.get(option), f"trainer.{option}", least=1 if option == "val_check_interval" else 0)
    _require_devices(trainer.get("devices"), trainer.get("accelerator"))
    home = trainer.get("default_root_dir")
    if isinstance(home, str | Path):
        require_folder(Path(home), "trainer.default_root_dir")


def require_callback_values(options: Namespace, name: str) -> None:
    """Refuses what callbacks of Lightning's would take, by the callback's name; raises ConfigurationError."""
    for option, kind in _OF_CALLBACKS.items():
        ranges.require_value(options.get(option), kind, f"{name}.{option}")
    for option in _FOLDERS_OF_CALLBACKS:
        if isinstance(folder := options.get(option), str | Path):
            require_folder(Path(folder), f"{name}.{option}")


def require_folder(path: Path, name: str) -> None:
    """Refuses a place to write to that is a file, below one, or all of the disk; raises ConfigurationError."""
    there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    require(there.is_dir(), f"{name} is {path}, where there is a file: name a folder")
    require_no_disk(path, name)


def require_no_disk(path: Path, name: str) -> None:
    """Refuses a folder that is all of the disk, which a walk through its files would not end with."""
    require(path.resolve() != Path(path.resolve().anchor), f"{name} is {path}, all of the disk: name a folder in it")


def _require_share(value: Any, name: str, least: int) -> None:
    """A part of the batches from 0 to 1, or whole batches; 0 is none of them."""
    if value is None or isinstance(value, bool | str | dict) or not isinstance(value, int | float):
        return
    ranges.Range(at_least=least if isinstance(value, int) else 0).require(value, name)
    require(value > 0 or least == 0, f"{name} must be above 0, got {value}")
    is_share = isinstance(value, int) or value <= 1 or value.is_integer()
    require(is_share, f"{name} is a part from 0 to 1, or whole batches, got {value}")


def _require_devices(devices: Any, accelerator: Any) -> None:
    """Refuses counts of devices that no machine has, or of processes that this one's CPU cannot run."""
    text = str(devices)
    if not text.lstrip("-").isdigit():
        return
    count = int(text)
    require(
        count == -1 or 1 <= count <= _MOST_DEVICES,
        f"trainer.devices must be from 1 to {_MOST_DEVICES}, or -1 for all, got {text}",
    )
    if accelerator == "cpu" or (accelerator == "auto" and not torch.accelerator.is_available()):
        ranges.require_processes(count, "trainer.devices", least=8, a_core=2)
