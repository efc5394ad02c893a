"""YAML as text and as a tree, within bounds: a few bytes with aliases can stand for a tree without end."""

from pathlib import Path
from typing import Any

import yaml

from gan_lab.errors import ConfigurationError, require

_MOST_BYTES = 1_000_000  # of a file; the longest shipped one has 5,000
_MOST_DEPTH = 50
_SECTIONS = ("model", "data", "trainer", "predictions")  # each may be in a file of its own
_MOST_NODES = 100_000  # with every alias written out
_PLAIN_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where PyYAML was built with it


class _Loader(_PLAIN_LOADER):  # type: ignore[misc]  # of either class
    """Reads what looks like a date as text: it is a folder's name."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_str)


class UnboundedYAML(yaml.YAMLError):
    """A text of YAML that is nested too deeply, too large once its aliases are written out, or part of itself."""


def load_yaml(text: str) -> object:
    """What a text of YAML says: plain values, lists and mappings.

    Raises:
        yaml.YAMLError: If it is none, has a value that its tag does not allow, or is without bounds.
    """
    require_bounded(text)
    try:
        return yaml.load(text, _Loader)
    except (ValueError, LookupError):
        raise yaml.YAMLError("a value is not what it says it is, or a number has thousands of digits") from None


def require_bounded(text: str) -> None:
    """Looks at a text of YAML before anything is made of it.

    Raises:
        UnboundedYAML: If it is without bounds.
        yaml.YAMLError: If it is no YAML.
    """
    nodes = 0
    sizes: dict[str | None, int] = {}  # nodes of what an anchor stands for
    within: list[tuple[str | None, int]] = []  # anchors of the collections that are open, and the nodes before them
    for event in yaml.parse(text, Loader=_PLAIN_LOADER):
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in within):
                raise UnboundedYAML(f"*{event.anchor} stands within what it stands for")
            nodes += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            within.append((event.anchor, nodes))
            nodes += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = within.pop()
            sizes[anchor] = nodes - before
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            sizes[event.anchor] = 1
        if len(within) > _MOST_DEPTH:
            raise UnboundedYAML(f"it is nested more than {_MOST_DEPTH} deep")
        if nodes > _MOST_NODES:
            raise UnboundedYAML(f"it has more than {_MOST_NODES:,} values once its aliases are written out")


def read_config(path: Path) -> str:
    """The text of a configuration file.

    YAML would take the last of two values of a key in silence.

    Raises:
        ConfigurationError: Naming the file and the line, if it is no YAML, is without bounds, or has a key twice; or if
            that is so of another file that a section of it names.
    """
    size = path.stat().st_size
    require(size <= _MOST_BYTES, f"{path} is no configuration: it has {size:,} bytes")
    try:
        text = path.read_text(encoding="utf-8")
        require_bounded(text)
        tree = yaml.compose(text, yaml.SafeLoader)
        values = load_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigurationError(f"{path}, line {line}: not YAML: {error.problem}") from None
    except UnboundedYAML as error:
        raise ConfigurationError(f"{path} is no configuration: {error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not a YAML file: it is no text") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not a YAML file: {error}") from None
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} holds no configuration: model, data and trainer are its keys")
    _refuse_duplicates(tree, path)
    for section in _SECTIONS:
        if isinstance(other := values.get(section), str) and (path.parent / other).is_file():
            read_config(path.parent / other)
    return text


def _refuse_duplicates(node: yaml.Node | None, path: Path) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, path)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise ConfigurationError(f"{path}, line {key.start_mark.line + 1}: '{key.value}' is given twice")
            seen.add(key.value)
            _refuse_duplicates(value, path)
