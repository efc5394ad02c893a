"""Configuration files before the parser sees them."""

import contextlib
import itertools
import re
from pathlib import Path

import yaml

from gan_lab.cli.config_names import class_path_of, find_config, load_yaml
from gan_lab.cli.console import say
from gan_lab.cli.renamed import PresentNames
from gan_lab.errors import ConfigurationError, require

_OWN_CONFIG = re.compile(r"(-c|--config|--model|--(model|data)\.help|-h|--help)(=|$)")


def with_config_of_checkpoint(arguments: list[str]) -> list[str]:
    """Adds the configuration that lies beside a checkpoint's folder where a checkpoint is all that is given."""
    words = _words(arguments)
    if "--ckpt_path" not in words[:-1] or any(_OWN_CONFIG.match(argument) for argument in arguments):
        return arguments
    checkpoint = Path(words[words.index("--ckpt_path") + 1])
    if checkpoint.suffix and not checkpoint.is_file():
        raise ConfigurationError(f"there is no checkpoint {checkpoint}")
    config = checkpoint.parent.parent / "config.yaml"
    found = config.is_file() or not checkpoint.exists()  # last and best are no files
    require(found, f"there is no {config} beside {checkpoint}: name the run's with --config")
    return ["--config", str(config), *arguments] if config.is_file() else arguments


def prepared(arguments: list[str], names: PresentNames) -> list[str]:
    """Command-line arguments as the parser is to see them.

    Configuration files come first, since options can be read once it is known of which classes they are, and by their
    paths. Old names of options have given way to the present ones, and a line has said so; in files the parser itself
    replaces them.

    Args:
        arguments: What the user gave.
        names: Replaces old names; learns of which classes model and data are.

    Raises:
        ConfigurationError: If a configuration does not exist, is no YAML, or has a key twice, by whatever name.
    """
    configs, options = _split(with_config_of_checkpoint(arguments))
    configs = [find_config(config) for config in configs]
    texts = {config: _readable(Path(config)) if Path(config).is_file() else config for config in configs}
    classes = _classes(list(texts.values()), options)
    names.classes = {section: names.renames.class_path(path) for section, path in classes.items()}
    options = names.in_arguments(options)
    for config, text in texts.items():
        names.in_text(text, origin=config if config != text else "")
    for note in names.notes:
        say(note, as_comment=any(option.startswith("--print_config") for option in options))
    return [*(word for config in configs for word in ("--config", config)), *options]


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


def _readable(path: Path) -> str:
    """The text of a configuration file.

    YAML would take the last of two values of a key in silence.

    Raises:
        ConfigurationError: Naming the file and the line, if it is no YAML or a key occurs twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigurationError(f"{path}, line {line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigurationError(f"{path} is not a YAML file") from None
    require(isinstance(tree, yaml.MappingNode), f"{path} holds no configuration: model, data and trainer are its keys")
    _refuse_duplicates(tree, str(path))
    return text


def _refuse_duplicates(node: yaml.Node | None, path: str) -> None:
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


def _words(arguments: list[str]) -> list[str]:
    return [word for argument in arguments for word in argument.split("=", 1)]
