"""Experiments by their names: those of the working folder's ``configs/``, then those that came with the package."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

import gan_lab
from gan_lab.cli.yaml_text import load_yaml
from gan_lab.errors import ConfigurationError

_SUFFIXES = (".yaml", ".yml")
_CLASS = {"model": "Module", "data": "DataModule"}  # section: the end of its classes' names


@dataclass(frozen=True)
class Experiment:
    """What a configuration file is about, as far as it says so itself.

    Attributes:
        name: The file's, without its suffix.
        paper: The model's class, without ``Module``.
        data: The data's class, without ``DataModule``.
        about: The first sentence of the comment at the top, without what it has in parentheses.
    """

    name: str
    paper: str
    data: str
    about: str


def shipped_folder() -> Path:
    """The folder of the experiments that came with the package: inside it, or beside it in the project's repository."""
    package = Path(gan_lab.__file__).parent
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def named_configs() -> dict[str, Path]:
    """Every experiment's file by its name; the working folder's ``configs/`` wins."""
    found: dict[str, Path] = {}
    for folder in (shipped_folder(), Path("configs")):
        found |= {path.stem: path for suffix in _SUFFIXES for path in folder.glob(f"*{suffix}")}
    return dict(sorted(found.items()))


def find_config(wanted: str) -> str:
    """Turns what ``--config`` was given into the path of a file.

    Args:
        wanted: A path, a name with or without ``.yaml``, or YAML itself.

    Returns:
        The path, or ``wanted`` if it is YAML or an address with a protocol.

    Raises:
        ConfigurationError: If there is no such file or name. The message has the nearest names.
    """
    if is_text(wanted) or Path(wanted).is_file():
        return wanted
    path = Path(wanted)
    name = path.stem if path.suffix in _SUFFIXES else path.name
    named = named_configs()
    if path.parent == Path() and name in named:
        return str(named[name])
    what = f"there is no configuration '{wanted}'" if path.parent == Path() else f"there is no file {wanted}"
    raise ConfigurationError(what + nearest_names(name, named))


def is_text(wanted: str) -> bool:
    """Whether what ``--config`` was given is YAML itself, or an address with a protocol, and no path or name."""
    if "\n" in wanted or not re.search(r"\{|: |://", wanted):
        return "\n" in wanted
    try:
        return not Path(wanted).is_file()
    except OSError:  # too long for a path
        return True


def nearest_names(name: str, names: Iterable[str]) -> str:
    """The end of a sentence about a name that does not exist."""
    near = difflib.get_close_matches(name, list(names), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`gan-lab configs` lists the names"
    return f": {hint}"


def describe(path: Path) -> Experiment:
    """Reads what an experiment is about; nothing is imported for it. What a file does not say is left empty."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = load_yaml(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return Experiment(path.stem, "", "", "not a YAML file")
    comment = re.match(r"(?:#.*\n)*", text)
    lines = [line.lstrip("# ").strip() for line in comment[0].splitlines()] if comment else []
    words = re.sub(r" \([^)]*\)", "", " ".join(lines[: lines.index("")] if "" in lines else lines))  # no citations
    about = re.split(r"[.;](?:\s|$)", words, maxsplit=1)[0]
    classes = {
        section: class_path_of(tree, section).rpartition(".")[2].removesuffix(ending)
        for section, ending in _CLASS.items()
    }
    return Experiment(path.stem, classes["model"], classes["data"], about)


def class_path_of(tree: object, section: str) -> str:
    """The class path that a configuration's section names; empty if it names none."""
    spec = tree.get(section) if isinstance(tree, dict) else None
    path = spec.get("class_path") if isinstance(spec, dict) else spec
    return path if isinstance(path, str) else ""
