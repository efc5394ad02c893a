"""Options of classes as plain values, and which classes may be named where the user named no configuration.

A parser of open class paths builds any class that Python can import, and reads YAML and files in texts. What passes
here is one of the classes listed, with values of the kinds that it asks for.
"""

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import yaml
from torch import nn

import gan_lab.datamodules
import gan_lab.images.degradations
import gan_lab.metrics.extractors
import gan_lab.modules
from gan_lab.callbacks import DistributionDistance, ImageLogger, PathLength
from gan_lab.cli.yaml_text import UnboundedYAML, load_yaml
from gan_lab.errors import GanLabError
from gan_lab.images.degradations import Degradation
from gan_lab.metrics.extractors import FeatureExtractor
from gan_lab.ranges import without_ranges
from gan_lab.terminal import printable
from gan_lab.training.renamed import RENAMES, lineage

_PART_BASES = (Degradation, FeatureExtractor, nn.Module)  # of what an option's value may be a class of
_LEFT_OUT = {
    "cache_folder",  # a place to write
    "generator_weights",  # to start from: the checkpoint's take their place
    "store",  # a place to write
}
_MOST = {"num_workers": 64}  # each is a process


class NotDataError(GanLabError):
    """Something that is more than data, or of another kind than is asked for. The message names it."""


class Allowed(NamedTuple):
    """A class that may be named.

    Attributes:
        path: Its dotted path.
        options: The types of its options, by their names.
        section: Where it stands, for options that had other names.
    """

    path: str
    options: Mapping[str, Any]
    section: str


def plain_class(spec: object, allowed: Mapping[str, Allowed], where: str) -> dict[str, Any]:
    """A class and its options.

    Args:
        spec: The name of a class, or a mapping of ``class_path`` and ``init_args``.
        allowed: The classes that may be named, by every spelling.
        where: What messages call it.

    Raises:
        NotDataError: If it names another class, or an option of it is no data.
    """
    spec = {"class_path": spec} if isinstance(spec, str) else spec
    if not isinstance(spec, dict) or not spec.keys() <= {"class_path", "init_args"}:
        raise NotDataError(f"{where} is no class_path with init_args")
    named, options = spec.get("class_path"), spec.get("init_args") or {}
    found = allowed.get(RENAMES.class_path(named)) if isinstance(named, str) else None
    if found is None:
        raise NotDataError(f"{where} is {named}, which is none of gan-lab's classes for it")
    if not isinstance(options, dict):
        raise NotDataError(f"{where}.init_args are no options")
    present = RENAMES.options_of(found.section, lineage(found.path))
    taken = {}
    for name, value in options.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise NotDataError(f"{where} has an option {name!r}, which is no name")
        if name not in _LEFT_OUT:
            kind = found.options.get(present.get(name, name))
            taken[name] = plain_value(value, kind, f"{where}.{name}")
    return {"class_path": found.path, "init_args": taken}


def plain_value(value: object, kind: Any, where: str) -> Any:
    """The value of an option as data.

    Args:
        value: As it stands in the file.
        kind: The option's type; None if there is no such option, which the parser says.
        where: What messages call it.

    Raises:
        NotDataError: If it could become anything but a plain value, or a class that may be named.
    """
    kinds = list(kinds_of(kind))
    if isinstance(value, str):
        return _text(value, kinds, where)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        if abs(value) >= 2**63 or value > _MOST.get(where.rpartition(".")[2], value):
            raise NotDataError(f"{where} is too large")
        return value
    if isinstance(value, list):
        return [plain_value(item, kind, where) for item in value]
    if isinstance(value, dict) and "class_path" in value:
        return plain_class(value, parts(), where)
    if isinstance(value, dict) and (fields := _fields(kinds)) is not None:
        return {_key(key, where): plain_value(part, fields.get(key), f"{where}.{key}") for key, part in value.items()}
    raise NotDataError(f"{where} is not of the kind that is asked for")


@cache
def papers() -> Mapping[str, Allowed]:
    """The models, by every spelling of their class paths."""
    return _spellings(_classes(gan_lab.modules), gan_lab.modules, "model")


@cache
def data_sets() -> Mapping[str, Allowed]:
    """The datamodules, by every spelling of their class paths."""
    return _spellings(_classes(gan_lab.datamodules), gan_lab.datamodules, "data")


@cache
def measures() -> Mapping[str, Allowed]:
    """The callbacks that measure or show a model, by every spelling of their class paths."""
    return _spellings([DistributionDistance, ImageLogger, PathLength], gan_lab.callbacks, "callbacks")


@cache
def parts() -> Mapping[str, Allowed]:
    """The classes that may be the value of an option, by every spelling of their class paths."""
    found: dict[str, Allowed] = {}
    for home, base in ((gan_lab.images.degradations, Degradation), (gan_lab.metrics.extractors, FeatureExtractor)):
        found |= _spellings([cls for cls in _classes(home) if issubclass(cls, base)], home, "nested")
    lpips = Allowed("lpips.LPIPS", {"net": Literal["alex", "vgg", "squeeze"], "version": str}, "nested")
    return found | {lpips.path: lpips}


def option_types(cls: type) -> dict[str, Any]:
    """The types of a class's options with their ranges, those that it hands on to its bases too."""
    options: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if "__init__" in vars(base) and base.__module__.startswith("gan_lab."):
            hints = get_type_hints(base.__init__, include_extras=True)  # type: ignore[misc]  # of a class
            options |= hints
    return options


def kinds_of(kind: Any) -> Iterator[Any]:
    """A type and all that it is made of, as ``int | None`` is of ``int`` and ``NoneType``, without ranges."""
    kind = without_ranges(kind)
    yield kind
    if get_origin(kind) is not Literal:
        for part in get_args(kind):
            yield from kinds_of(part)


def _classes(home: ModuleType) -> list[type]:
    """The classes of a package or a file that can be built."""
    found = [vars(home)[name] for name in getattr(home, "__all__", vars(home))]
    ours = [cls for cls in found if isinstance(cls, type) and cls.__module__.startswith(home.__name__)]
    return [cls for cls in ours if not inspect.isabstract(cls)]


def _spellings(classes: list[type], home: ModuleType, section: str) -> dict[str, Allowed]:
    spelled: dict[str, Allowed] = {}
    for cls in classes:
        name = cls.__qualname__
        entry = Allowed(f"{home.__name__}.{name}", option_types(cls), section)
        spelled |= dict.fromkeys((name, entry.path, f"{cls.__module__}.{name}"), entry)
    return spelled


def _fields(kinds: list[Any]) -> Mapping[str, Any] | None:
    """The types of a mapping's values by their keys, for what is a dataclass or a dictionary; None for all else."""
    for kind in kinds:
        if dataclasses.is_dataclass(kind):
            return get_type_hints(kind)
        if get_origin(kind) in (dict, Mapping):
            return {}
    return None


def _key(key: object, where: str) -> str | int:
    """A key of a mapping of plain values."""
    if isinstance(key, int) or (isinstance(key, str) and re.fullmatch(r"\w{1,100}", key) and not key.startswith("_")):
        return key
    raise NotDataError(f"{where} has a key {key!r}, which is no name")


def _text(text: str, kinds: list[Any], where: str) -> Any:
    """A text where text is asked for, the number that it stands for, or the class that it names, if it may.

    The parser would read YAML in it, or, where a class is asked for, a file that it names.
    """
    if any(isinstance(kind, type) and issubclass(kind, _PART_BASES) for kind in kinds):
        return plain_class(text, parts(), where)
    if any(kind in (str, Path) or get_origin(kind) is Literal for kind in kinds):
        if "\n" in text or printable(text) != text:
            raise NotDataError(f"{where} has letters that cannot be printed")
        if _holds_yaml(text) or (Path in kinds and _is_device(Path(text))):
            raise NotDataError(f"{where} is no plain text or path")
        return text
    if re.fullmatch(r"[-+]?[0-9]{1,20}", text):
        return plain_value(int(text), None, where)
    if re.fullmatch(r"[-+]?[0-9]{1,20}(\.[0-9]{0,20})?([eE][-+]?[0-9]{1,4})?", text):
        return float(text)
    raise NotDataError(f"{where} is not of the kind that is asked for")


def _is_device(path: Path) -> bool:
    """Whether a path leads to something that may have no end, such as a pipe."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _holds_yaml(text: str) -> bool:
    """Whether a text is more than a value when it is read as YAML once more."""
    try:
        return isinstance(load_yaml(text), list | dict | set)
    except UnboundedYAML:
        return True
    except yaml.YAMLError:
        return False
