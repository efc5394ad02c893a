"""What data and model must agree on is said once, by the data."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jsonargparse import Namespace

from gan_lab.cli.required_values import class_of
from gan_lab.datamodules import GANDataModule
from gan_lab.errors import require
from gan_lab.training.gan_module import GANModule


@contextmanager
def shared_settings(config: Namespace) -> Iterator[None]:
    """Within it a model's options that are null have the data's values; the configuration is as it was afterwards.

    Args:
        config: A command's configuration, parsed and not yet instantiated.

    Raises:
        ConfigurationError: If a model's option says something else than the data, with which the model cannot work.
    """
    data, model = config.get("data"), config.get("model")
    data_class, model_class = class_of(data), class_of(model)
    if not (issubclass(data_class, GANDataModule) and issubclass(model_class, GANModule)):
        yield
        return
    own = model.init_args
    before = dict(own.items())
    for option, theirs in data_class.shared_settings(_plain(data.init_args)).items():
        if option in own:
            own[option] = _agreed(model_class, own, option, theirs)
    try:
        yield
    finally:
        for option, value in before.items():
            own[option] = value


def _agreed(model_class: type[GANModule], own: Namespace, option: str, theirs: Any) -> Any:
    """The value that a model's option takes, the data's being given."""
    mine, of_the_data = _plain(own[option]), _plain(theirs)
    if mine is None or mine == of_the_data:
        return theirs
    agreed = model_class.agree_with_data(_plain(own), option, of_the_data)
    require(
        agreed is not None,
        f"model.{option} is {_told_apart(mine, of_the_data)} but the data's is {_told_apart(of_the_data, mine)}: "
        f"set model.{option} to null, it is then the data's",
    )
    return theirs if agreed == of_the_data else own[option]


def _told_apart(value: Any, other: Any) -> str:
    """A value as text; of several options in one, those in which it differs from another value."""
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        value = {name: part for name, part in value.items() if part != other.get(name)}
    return str(value)


def _plain(value: Any) -> Any:
    """Options as plain values, which compare as they are meant."""
    if isinstance(value, Namespace):
        value = value.as_dict()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
