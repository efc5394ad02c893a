"""Values that the parser lets through although an option's type does not: null, and what is no group of settings."""

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from pkgutil import resolve_name
from types import NoneType
from typing import Any, get_type_hints

from jsonargparse import Namespace

from gan_lab.cli.plain_options import kinds_of, option_types
from gan_lab.errors import require


def require_values(config: Namespace) -> None:
    """Refuses options of gan-lab's classes that are null and may not be, or are a plain value and made of several.

    Args:
        config: A command's configuration, parsed and not yet instantiated.

    Raises:
        ConfigurationError: Naming the first one.
    """
    callbacks = config.get("trainer.callbacks") or []
    for where, spec in (("model", config.get("model")), ("data", config.get("data")), *_named(callbacks)):
        _look_at_class(spec, where)


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
    types = option_types(class_of(spec))
    for option, value in vars(spec.init_args).items() if types else ():
        _look(value, types.get(option, Any), f"{where}.{option}")


def _look(value: Any, kind: Any, where: str) -> None:
    if value is None:
        require(kind is Any or NoneType in kinds_of(kind), f"{where} is null: it needs a value")
    elif is_dataclass(kind):
        parts = get_type_hints(kind)
        require(isinstance(value, Namespace), f"{where} is {value}: it is made of {', '.join(parts)}")
        for name, part in vars(value).items():
            _look(part, parts.get(name, Any), f"{where}.{name}")
    elif hasattr(value, "class_path"):
        _look_at_class(value, where)
