"""Configuration files before the parser sees them."""

import contextlib
import itertools
from pathlib import Path

import yaml

from gan_lab.cli import given_paths
from gan_lab.cli.checkpoint_config import with_config_of_checkpoint
from gan_lab.cli.config_names import class_path_of, find_config, is_text
from gan_lab.cli.renamed import PresentNames
from gan_lab.cli.yaml_text import load_yaml, read_config
from gan_lab.errors import ConfigurationError
from gan_lab.terminal import say


def prepared(command: str, arguments: list[str], names: PresentNames) -> list[str]:
    """Command-line arguments as the parser is to see them.

    Configuration files come first, since options can be read once it is known of which classes they are, and by their
    paths. What ``~`` and variables in paths stand for is put in their place, in files by the parser, and only in those
    that the user named. Old names of options have given way to the present ones, and a line has said so; in files the
    parser itself replaces them.

    Args:
        command: What they are given to.
        arguments: What the user gave.
        names: Replaces old names; learns of which classes model and data are.

    Raises:
        ConfigurationError: If a configuration does not exist, is no YAML or without bounds, or has a key twice, by
            whatever name.
    """
    arguments = given_paths.in_arguments(arguments)
    named = _split(arguments)[0]
    configs, options = _split(with_config_of_checkpoint(arguments, command))
    data_only = {config for config in configs if is_text(config) and config not in named}
    configs = [find_config(config) for config in configs]
    texts = {config: config if is_text(config) else read_config(Path(config)) for config in configs}
    classes = _classes(list(texts.values()), options)
    names.classes = {section: names.renames.class_path(path) for section, path in classes.items()}
    options = given_paths.as_names(names.in_arguments(options))
    names.trusted = set(texts.values()) - data_only
    for config, text in texts.items():
        origin = config if config != text else ""
        names.in_text(text, origin=origin)
        if text in names.trusted:
            given_paths.in_text(text, origin)
    for note in names.notes:
        say(note, as_comment=any(option.startswith("--print_config") for option in options))
    return [*(f"--config={config}" for config in configs), *options]


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The configurations given, and all else."""
    configs: list[str] = []
    options: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        option, equals, value = argument.partition("=")
        if option not in ("-c", "--config"):
            options.append(argument)
        elif equals or ((value := next(remaining, "")) and not value.startswith("--")):
            configs.append(value)
        else:
            raise ConfigurationError("--config needs the name of an experiment or a file")
    return configs, options


def _classes(texts: list[str], options: list[str]) -> dict[str, str]:
    """Class paths of model and data: the command line wins, then the last file."""
    found: dict[str, str] = {}
    trees = [_loaded(text) for text in texts]
    words = list(itertools.pairwise(_words(options)))
    for section in ("model", "data"):
        named = [class_path_of(tree, section) for tree in trees]
        named += [value for option, value in words if option in (f"--{section}", f"--{section}.class_path")]
        if plain := [path for path in named if path and path[0] not in "[{-"]:
            found[section] = plain[-1]
    return found


def _loaded(text: str) -> object:
    with contextlib.suppress(yaml.YAMLError):  # the parser says what is wrong with it
        return load_yaml(text)
    return None


def _words(arguments: list[str]) -> list[str]:
    return [word for argument in arguments for word in argument.split("=", 1)]
