"""The configuration of a command that was given nothing but a checkpoint: the one beside it, its data alone."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from gan_lab.cli.bare_checkpoint import of_checkpoint
from gan_lab.cli.data_only import data_only
from gan_lab.cli.given_paths import unmistakable
from gan_lab.cli.plain_options import NotDataError
from gan_lab.cli.silence import silence_missing_callbacks
from gan_lab.cli.yaml_text import load_yaml, read_config
from gan_lab.errors import ConfigurationError, require
from gan_lab.terminal import say
from gan_lab.training.checkpoint_files import find_checkpoint

TRUST = "--trust"
_OWN_CONFIG = re.compile(r"(-c|--config|--model|--(model|data)\.help|-h|--help)(=|$)")
_WRITTEN = {  # folders of an experiment's that a command writes to
    "predict": ("predictions",),
    "validate": ("images", "statistics"),
    "test": ("images", "statistics"),
}


def with_config_of_checkpoint(arguments: list[str], command: str) -> list[str]:
    """Adds the configuration that lies beside a checkpoint's folder where a checkpoint is all that is given.

    Args:
        arguments: What the user gave; ``--trust`` is gone afterwards.
        command: What they are given to.

    Raises:
        ConfigurationError: If there is no such checkpoint, or none that is enough by itself where no configuration is
            beside it; if that is more than data and not to be trusted; or if the command trains: it would do so without
            what is no data.
    """
    trusted = TRUST in arguments
    arguments = [argument for argument in arguments if argument != TRUST]
    wanted = _last_value(arguments, "--ckpt_path")
    if wanted is None or any(_OWN_CONFIG.match(argument) for argument in arguments):
        return arguments
    home = Path(_last_value(arguments, "--trainer.default_root_dir") or ".")
    checkpoint = Path(wanted)
    if wanted in ("last", "best") or checkpoint.is_dir():
        checkpoint = find_checkpoint(wanted, home)
    require(checkpoint.is_file(), f"there is no checkpoint {checkpoint}")
    config = _config_of(checkpoint)
    given = [*arguments, f"--ckpt_path={checkpoint}"]  # so that no other one is found later
    if config is None:
        return [f"--config={_text(_data_alone(checkpoint, arguments, command))}", *given]
    if trusted:
        return [f"--config={config}", *given]
    require(
        command != "fit",
        f"training takes a configuration that you name, with its callbacks and its folders: --config {config} if you "
        f"trust it, or {TRUST}",
    )
    return [f"--config={_text(_data_of(config, checkpoint, arguments, command))}", *given]


def _config_of(checkpoint: Path) -> Path | None:
    """The configuration of a checkpoint; None if there is none."""
    return next((path for path in _places(checkpoint) if path.is_file()), None)


def _places(checkpoint: Path) -> list[Path]:
    """Where its configuration may lie: above its folder, or above that of the file which a link leads to."""
    return [_above(path.parent) / "config.yaml" for path in (checkpoint, checkpoint.resolve())]


def _data_alone(checkpoint: Path, arguments: list[str], command: str) -> dict[str, Any]:
    """What is taken of a checkpoint that has no configuration beside it; what is made of it is the working folder's."""
    options = {
        "data": any(re.match(r"--data(\.class_path)?(=|$)", argument) for argument in arguments),
        "predict_folder": _last_value(arguments, "--data.predict_folder") is not None,
    }
    require(command != "fit", f"training takes a configuration that you name: there is none beside {checkpoint}")
    taken = data_only(of_checkpoint(checkpoint, command, options), command)
    _require_home(Path(), arguments, command)
    silence_missing_callbacks()
    return taken.tree


def _text(tree: dict[str, Any]) -> str:
    return yaml.safe_dump(tree, default_flow_style=True)


def _data_of(config: Path, checkpoint: Path, arguments: list[str], command: str) -> dict[str, Any]:
    """What is taken of a run's configuration; says what is not."""
    try:
        taken = data_only(_tree(config), command)
    except NotDataError as error:
        raise ConfigurationError(
            f"{config} was not named, so that only data is taken of it, and {error}: name it with --config if you "
            f"trust it, or give {TRUST}"
        ) from None
    if taken.left_out:
        what = ", ".join(taken.left_out)
        as_comment = any(argument.startswith("--print_config") for argument in arguments)
        say(f"of {config} only data is taken, which leaves out {what}; {TRUST} takes all", as_comment=as_comment)
    silence_missing_callbacks()
    home = _home(config.parent) if config in _places(checkpoint)[:1] else Path()  # nowhere else by a link
    _require_home(home, arguments, command)
    taken.tree["trainer"]["default_root_dir"] = unmistakable(str(home))
    return taken.tree


def _tree(config: Path) -> dict[Any, Any]:
    try:
        tree = load_yaml(read_config(config))
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{config} is not a YAML file of plain values: {error}") from None
    return tree if isinstance(tree, dict) else {}


def _above(folder: Path) -> Path:
    """The folder above one; that of ``.`` is ``..``, where Python says ``.``."""
    return folder / ".." if folder.name in ("", "..") else folder.parent


def _home(run: Path) -> Path:
    """The experiment's folder, by where the run lies: what a configuration says is no place to write to."""
    there = run.resolve()
    if not re.fullmatch(r"version_\d+", there.name):
        return run
    return run.parent if run.name == there.name else there.parent  # the working folder, or a link to the run


def _require_home(home: Path, arguments: list[str], command: str) -> None:
    """Refuses to write to a folder that the user did not name if that would lead elsewhere."""
    if _last_value(arguments, "--trainer.default_root_dir") is None:
        named = _last_value(arguments, "--predictions.folder") is not None
        _require_no_links(home, () if named else _WRITTEN.get(command, ()))


def _require_no_links(home: Path, folders: Iterable[str]) -> None:
    """Refuses folders of an experiment's that lead elsewhere."""
    for folder in folders:
        for path in (home / folder, *(home / folder).rglob("*")):
            linked = path.is_symlink() and path.is_dir()
            require(not linked, f"{path} is a link: name where to write with --trainer.default_root_dir")


def _last_value(arguments: list[str], option: str) -> str | None:
    """The value that an option was given last, which is the one that counts."""
    value = None
    for position, argument in enumerate(arguments):
        if argument == option and position + 1 < len(arguments):
            value = arguments[position + 1]
        elif argument.startswith(f"{option}="):
            value = argument.removeprefix(f"{option}=")
    return value
