"""What data and model must agree on is said once, by the data."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jsonargparse import Namespace

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
    data_class, model_class = _class_of(data), _class_of(model)
    if not (issubclass(data_class, GANDataModule) and issubclass(model_class, GANModule)):
        yield
        return
    own = model.init_args
    filled = []
    for option, theirs in data_class.shared_settings(_plain(data.init_args)).items():
        if option not in own:
            continue
        if own[option] is None:
            own[option] = theirs
            filled.append(option)
            continue
        require(
            model_class.can_work_with(_plain(own), option, theirs),
            f"model.{option} is {_plain(own[option])} but the data's is {_plain(theirs)}: leave model.{option} out",
        )
    try:
        yield
    finally:
        for option in filled:
            own[option] = None


def _class_of(spec: Any) -> type:
    """The class of a ``class_path``; ``object`` where there is none."""
    if not hasattr(spec, "class_path") or not hasattr(spec, "init_args"):
        return object
    module, _, name = spec.class_path.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    return found if isinstance(found, type) else object


def _plain(value: Any) -> Any:
    """Options as plain values, which compare as they are meant."""
    if isinstance(value, Namespace):
        value = value.as_dict()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
