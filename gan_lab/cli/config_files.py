"""Configuration files before the parser sees them."""

import itertools
import re
from pathlib import Path

import yaml

from gan_lab.errors import ConfigurationError

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
    return ["--config", str(config), *arguments] if config.is_file() else arguments


def with_configs_first(arguments: list[str]) -> list[str]:
    """Puts configuration files before all else: options can be read once it is known of which classes they are."""
    first: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument in ("-c", "--config"):
            first += [argument, *itertools.islice(remaining, 1)]
        else:
            (first if argument.startswith("--config=") else rest).append(argument)
    return first + rest


def require_readable(arguments: list[str]) -> None:
    """Refuses a configuration file that is no YAML, or in which a key occurs twice.

    YAML would take the last of them in silence.

    Raises:
        ConfigurationError: Naming the file and the line.
    """
    for option, value in itertools.pairwise(_words(arguments)):
        if option in ("-c", "--config") and Path(value).is_file():
            try:
                tree = yaml.compose(Path(value).read_text(encoding="utf-8"), yaml.SafeLoader)
            except yaml.MarkedYAMLError as error:
                line = error.problem_mark.line + 1 if error.problem_mark else "?"
                raise ConfigurationError(f"{value}, line {line}: not YAML: {error.problem}") from None
            except (yaml.YAMLError, UnicodeDecodeError):
                raise ConfigurationError(f"{value} is not a YAML file") from None
            _refuse_duplicates(tree, value)


def _refuse_duplicates(node: yaml.Node | None, path: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, path)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ConfigurationError(f"{path}, line {key.start_mark.line + 1}: '{key.value}' is given twice")
            seen.add(key.value)
            _refuse_duplicates(value, path)


def _words(arguments: list[str]) -> list[str]:
    return [word for argument in arguments for word in argument.split("=", 1)]
