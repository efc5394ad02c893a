"""Paths as a user gives them: ``~`` and variables are replaced, and a name is a name, whatever YAML would read in it.

What a configuration says that the user did not name stays as it is: nobody else may look into the environment.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence

import yaml

from gan_lab.cli.yaml_text import load_yaml
from gan_lab.errors import ConfigurationError

DATA_PATHS = frozenset(
    {
        "annotations",
        "boxes",
        "folder_a",
        "folder_b",
        "held_out_a",
        "held_out_b",
        "predict_folder",
        "root",
        "store",
        "validation_images",
    }
)
"""The options of data that are paths."""

PATHS = DATA_PATHS | {
    "cache_folder",
    "ckpt_path",
    "config",
    "default_root_dir",
    "dirpath",
    "folder",
    "generator_weights",
    "save_dir",
    "weights",
}
"""The last words of all options that are paths."""

_SHORT = {"-c": "--config", "-h": "--help"}
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)
_NULLS = ("null", "Null", "NULL", "~")


class PlainText(str):
    """A word of the command line that the parser takes as it is: it reads YAML in texts that are nothing else."""

    __slots__ = ()


def expanded(path: str, option: str) -> str:
    """A path with its ``~`` and its variables (``$NAME``, ``${NAME}``) replaced.

    Args:
        path: What was given. If there is a file or a folder of exactly this name, it is meant.
        option: What messages call it.

    Raises:
        ConfigurationError: If there is no such user, or no such variable.
    """
    if ("$" not in path and not path.startswith("~")) or _exists(path):
        return path

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in os.environ:
            raise ConfigurationError(
                f"{option} is {path}, but there is no environment variable {name}, nor a file or folder of that name"
            )
        return os.environ[name]

    found = _VARIABLE.sub(value, path)
    if path.startswith("~"):
        found = os.path.expanduser(found)
        if found.startswith("~"):
            user = path.split("/", 1)[0]
            raise ConfigurationError(
                f"{option} is {path}, but there is no user {user[1:]}: ./{path} is a name that begins so"
            )
    return found


def in_arguments(arguments: Sequence[str]) -> list[str]:
    """A command line whose paths are expanded; each is one word with its option, so that it may begin with a dash.

    Raises:
        ConfigurationError: As of :func:`expanded`.
    """
    words = list(arguments)
    given: list[str] = []
    position = 0
    while position < len(words):
        option, equals, value = words[position].partition("=")
        option = _SHORT.get(option, option)
        position += 1
        if not _is_path(option):
            given.append(f"{option}={in_text(value)}" if equals and _is_yaml(value) else words[position - 1])
            continue
        if not equals:
            if position == len(words) or _is_option(words[position]):
                given.append(option)
                continue
            value = words[position]
            position += 1
        given.append(f"{option}={_meant(value, option.lstrip('-'))}")
    return [in_text(word) if _is_yaml(word) else word for word in given]


def as_names(options: Sequence[str]) -> list[str]:
    """The command line with those paths of data apart from their options that the parser would read as YAML.

    Args:
        options: As :func:`in_arguments` made them.
    """
    words: list[str] = []
    for word in options:
        option, _, value = word.partition("=")
        last = option.rpartition(".")[2]
        odd = option.startswith("--data.") and last in DATA_PATHS and _is_tree(value)
        words += [option, PlainText(value)] if odd else [word]
    return words


def in_text(text: str, origin: str = "") -> str:
    """YAML whose paths are expanded, told by their keys; all else is as it was, comments and lines included.

    Args:
        text: The YAML.
        origin: The file, for errors.

    Raises:
        ConfigurationError: As of :func:`expanded`.
    """
    if "~" not in text and "$" not in text:
        return text
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:  # the parser says what is wrong with it
        return text
    edits = {}
    for key, node in _scalars(root):
        written = text[node.start_mark.index : node.end_mark.index]
        if (
            node.value in written
            and (found := expanded(node.value, f"{origin}: {key}" if origin else key)) != node.value
        ):
            quotes = len(node.style or "")
            start = node.start_mark.index + written.rindex(node.value) - quotes
            edits[start] = (start + len(node.value) + 2 * quotes, found)
    for start, (end, found) in sorted(edits.items(), reverse=True):
        text = text[:start] + json.dumps(found, ensure_ascii=False) + text[end:]
    return text


def _meant(value: str, option: str) -> str:
    """A path as the parser is to see it."""
    if option == "config":
        is_name = "\n" not in value and not re.search(r"\{|: |://", _VARIABLE.sub("x", value))
        return expanded(value, option) if is_name else in_text(value)
    if value in _NULLS and _exists(value):
        return f"./{value}"
    if value in _NULLS and value != "~":
        return value
    return value if _is_yaml(value) else unmistakable(expanded(value, option))


def unmistakable(path: str) -> str:
    """A path that is neither an option nor anything but text in YAML, by its first letter at least."""
    return path if not path or path[0].isalpha() or path[0] in "/._" else f"./{path}"


def _scalars(node: yaml.Node | None) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """The texts of a tree that are paths, by their keys."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(value, yaml.ScalarNode):
                yield from _scalars(value)
            elif isinstance(key, yaml.ScalarNode) and key.value in PATHS and value.tag == "tag:yaml.org,2002:str":
                yield key.value, value


def _is_path(option: str) -> bool:
    head, _, last = option.rpartition(".")
    return last in PATHS if head.startswith("--") else option in ("--config", "--ckpt_path")


def _is_option(word: str) -> bool:
    """Whether a word after an option that takes a path is the next option."""
    return word.startswith("-") and not _exists(word) and (word.startswith("--") or word.partition("=")[0] in _SHORT)


def _is_yaml(word: str) -> bool:
    return word[:1] in ("{", "[") and not _exists(word)


def _is_tree(value: str) -> bool:
    try:
        return not isinstance(load_yaml(value), str | int | float | None)
    except yaml.YAMLError:
        return False


def _exists(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):  # too long, or with what no path has
        return False
