"""Values that the parser lets through although an option cannot have them.

They are null where there is no null, what is no group of settings, numbers out of range, and all of the disk.
"""

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from pkgutil import resolve_name
from types import NoneType
from typing import Any, get_type_hints

from jsonargparse import Namespace

from gan_lab import ranges
from gan_lab.callbacks import PredictionWriter
from gan_lab.cli.plain_options import kinds_of, option_types
from gan_lab.cli.trainer_values import require_callback_values, require_folder, require_no_disk, require_trainer_values
from gan_lab.errors import require


def require_values(config: Namespace) -> None:
    """Refuses options of gan-lab's classes and of the trainer whose values cannot be.

    Args:
        config: A command's configuration, parsed and not yet instantiated.

    Raises:
        ConfigurationError: Naming the first one.
    """
    callbacks = config.get("trainer.callbacks") or []
    for where, spec in (("model", config.get("model")), ("data", config.get("data")), *_named(callbacks)):
        _look_at_class(spec, where)
    for where, spec in _named(callbacks):
        if isinstance(options := getattr(spec, "init_args", None), Namespace):
            require_callback_values(options, where)
    if (predictions := config.get("predictions")) is not None:
        _look_at_options(PredictionWriter, predictions, "predictions")
        if predictions.folder is not None:
            require_folder(Path(predictions.folder), "predictions.folder")
    if (trainer := config.get("trainer")) is not None:
        require_trainer_values(trainer)


def class_of(spec: Any) -> type:
    """The class of a ``class_path``; ``object`` where there is none."""
    if not hasattr(spec, "class_path") or not hasattr(spec, "init_args"):
        return object
    found = resolve_name(spec.class_path)
    return found if isinstance(found, type) else object


def _named(callbacks: Any) -> Iterator[tuple[str, Any]]:
    for spec in callbacks if isinstance(callbacks, Iterable) else [callbacks]:
        yield class_of(spec).__name__, spec


def _look_at_class(spec: Any, where: str) -> None:
    if (owner := class_of(spec)) is not object:
        _look_at_options(owner, spec.init_args, where)


def _look_at_options(owner: type, options: Namespace, where: str) -> None:
    types = option_types(owner)
    for option, value in vars(options).items() if types else ():
        _look(value, types.get(option, Any), f"{where}.{option}")


def _look(value: Any, kind: Any, where: str) -> None:
    kinds = list(kinds_of(kind))
    group = next((part for part in kinds if is_dataclass(part)), None)
    if value is None:
        require(kind is Any or NoneType in kinds, f"{where} is null: it needs a value")
    elif group is not None:
        parts = get_type_hints(group, include_extras=True)
        require(isinstance(value, Namespace), f"{where} is {value}: it is made of {', '.join(parts)}")
        for name, part in vars(value).items():
            _look(part, parts.get(name, Any), f"{where}.{name}")
    elif hasattr(value, "class_path"):
        _look_at_class(value, where)
    elif Path in kinds and isinstance(value, str | Path):
        require_no_disk(Path(value), where)
    else:
        ranges.require_value(value, kind, where)
