"""The configuration of a command that was given nothing but a checkpoint: the one beside it, its data alone."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

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
        ConfigurationError: If there is no such checkpoint or no configuration beside it, if that is more than data and
            not to be trusted, or if the command trains: it would do so without what is no data.
    """
    trusted = TRUST in arguments
    arguments = [argument for argument in arguments if argument != TRUST]
    wanted = _last_value(arguments, "--ckpt_path")
    if wanted is None or any(_OWN_CONFIG.match(argument) for argument in arguments):
        return arguments
    home = _last_value(arguments, "--trainer.default_root_dir") or "."
    checkpoint = find_checkpoint(wanted, Path(home)) if wanted in ("last", "best") else Path(wanted)
    require(checkpoint.is_file(), f"there is no checkpoint {checkpoint}")
    run = _above(checkpoint.parent)
    config = run / "config.yaml"
    require(config.is_file(), f"there is no {config} beside {checkpoint}: name the run's with --config")
    given = [*arguments, f"--ckpt_path={checkpoint}"]  # so that no other one is found later
    if trusted:
        return [f"--config={config}", *given]
    require(
        command != "fit",
        f"training takes a configuration that you name, with its callbacks and its folders: --config {config} if you "
        f"trust it, or {TRUST}",
    )
    return [f"--config={yaml.safe_dump(_data_of(config, arguments, command), default_flow_style=True)}", *given]


def _data_of(config: Path, arguments: list[str], command: str) -> dict[str, Any]:
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
    home = _home(config.parent)
    if _last_value(arguments, "--trainer.default_root_dir") is None:
        named = _last_value(arguments, "--predictions.folder") is not None
        _require_no_links(home, () if named else _WRITTEN.get(command, ()))
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
