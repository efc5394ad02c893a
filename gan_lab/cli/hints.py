"""Turns exceptions into one sentence for a user: what, where, and the nearest name that would have been right."""

import difflib
import inspect
import re
import traceback
from argparse import ArgumentError
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pkgutil import resolve_name

import lightning.pytorch.callbacks
import lightning.pytorch.loggers
import torch
from jsonargparse import ArgumentParser
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Trainer

import gan_lab.callbacks
import gan_lab.datamodules
import gan_lab.modules
from gan_lab.errors import ConfigurationError
from gan_lab.ranges import plain_ranges

_SECTIONS = ("model", "data", "trainer", "predictions", "seed_everything", "ckpt_path", "config")
_CLASS_HOMES = (
    gan_lab.modules,
    gan_lab.datamodules,
    gan_lab.callbacks,
    lightning.pytorch.callbacks,
    lightning.pytorch.loggers,
)
_NO_MEMORY = "the memory is full: lower data.batch_size, data.num_workers, or the image or network sizes"
_NO_FILES = "too many files are open: raise `ulimit -n`, or lower data.num_workers"
_SYMPTOMS = {  # words in messages of torch's, and what they mean
    "can't allocate memory": _NO_MEMORY,
    "insufficient shared memory": "the workers' shared memory (/dev/shm) is full: enlarge it or lower data.num_workers",
    "is killed by signal: Killed": f"a worker of the data loader was killed: {_NO_MEMORY}",
    "does not have a deterministic": "trainer.deterministic: the GPU has no deterministic way for this: set it to warn",
    "received 0 items of ancdata": _NO_FILES,
    "Too many open files": _NO_FILES,
}


def explain(error: BaseException) -> str | None:
    """One sentence for an error that a user can mend; None for one that is ours."""
    match error:
        case ArgumentError():
            return explain_arguments(error)
        case MisconfigurationException():
            return " ".join(str(error).split())
        case ValueError() if _raised_in(error).startswith("lightning."):  # as of a val_check_interval without an end
            return " ".join(str(error).split())
        case torch.OutOfMemoryError():
            return "the GPU's memory is full: lower data.batch_size, or the image or network sizes"
        case MemoryError():
            return _NO_MEMORY
        case RuntimeError() if "Connection closed by peer" in str(error):
            return "another process has ended: its own message says why"
    return _symptom(str(error))


def _symptom(message: str) -> str | None:
    return next((sentence for words, sentence in _SYMPTOMS.items() if words in message), None)


def _raised_in(error: BaseException) -> str:
    """The module whose line raised an error."""
    modules = [str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    return modules[-1] if modules else ""


def is_wrong_call(error: BaseException) -> bool:
    """Whether a TypeError of the package's own code, or of what that called, is behind an error: a bug of ours."""
    return any(isinstance(cause, TypeError) and _is_ours(cause) for cause in _causes(error))


def _is_ours(error: BaseException) -> bool:
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(name.startswith("gan_lab.") and not name.startswith("gan_lab.cli.") for name in modules)


@contextmanager
def arguments_explained(has_unchecked_options: bool = False) -> Iterator[None]:
    """Within it what classes refuse is the configuration's fault; a wrong call of ours is not.

    Args:
        has_unchecked_options: Whether classes are given options that the parser does not know.

    Raises:
        ConfigurationError: Saying what they refuse.
    """
    try:
        yield
    except (ValueError, TypeError, ImportError) as error:
        if is_wrong_call(error) and not has_unchecked_options:
            raise
        raise ConfigurationError(explain_arguments(error)) from error


def explain_arguments(error: BaseException) -> str:
    """What is wrong with an option or a configuration file, from the chain of errors of its parser."""
    chain = list(_causes(error))
    reason = " ".join(str(chain[-1]).split())
    text = "\n".join(map(str, reversed(chain)))
    keys = list(dict.fromkeys(re.findall(r'Parser key "([\w.]+)"', text)))
    where = ".".join(reversed(keys))
    class_path = next(iter(re.findall(r"Problem with given class_path '([\w.]+)'", text)), None)

    owner = class_path.rpartition(".")[2] if class_path else where
    if owner in ("LightningModule", "LightningDataModule") or "arguments are required" in reason:
        return "there is nothing to work on: give an experiment with --config, e.g. pix2pix_emoji"
    if unknown := re.search(r"Option '(.+?)' is not accepted", reason):
        return f"{owner} has no option '{unknown[1]}'" + _nearest(unknown[1], _parameters(class_path))
    if unknown := re.search(r"(?:does not accept option '|unrecognized arguments: (?:--)?)([^'= ]+)", reason):
        if class_path is not None:
            return f"{owner} has no option '{unknown[1]}'" + _nearest(unknown[1], _parameters(class_path))
        return f"there is no option '{unknown[1]}'" + _nearest_option(unknown[1])
    if unknown := re.search(r"Expected a dot import path string: (\S+)|has no attribute '(\w+)'", reason):
        name = unknown[1] or unknown[2]
        return (f"{where}: " if where else "") + f"there is no class '{name}'" + _nearest(name, _class_names())
    if symptom := _symptom(reason):
        return symptom
    if where and reason.endswith("Got value: None"):
        return f"{where} is null: it needs a value"
    reason = plain_ranges(reason)
    reason = re.sub(r"typing\.Literal\[(.*?)\]", r"one of \1", reason)
    reason = re.sub(r"<class '(\w+)'>", r"\1", reason).replace("Expected a one of", "expected one of")
    reason = re.sub(r'^Parser key "config": ', "", reason)
    return f"{where}: {reason}" if where and where != "config" else reason


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def _parameters(class_path: str | None) -> list[str]:
    """The options of a class, those within its dataclasses too."""
    if class_path is None:
        return list(inspect.signature(Trainer).parameters)
    parser = ArgumentParser(exit_on_error=False)  # which also finds those that a class hands on to its base
    names = parser.add_class_arguments(resolve_name(class_path), fail_untyped=False)
    return list(dict.fromkeys([*names, *vars(parser.get_defaults().as_flat())]))


def _class_names() -> list[str]:
    """Those that can be asked for, which abstract ones cannot."""
    return [name for home in _CLASS_HOMES for name in home.__all__ if not inspect.isabstract(getattr(home, name))]


def _nearest_option(option: str) -> str:
    section, dot, rest = option.partition(".")
    if section == "trainer" and dot:
        return _nearest(option, (f"trainer.{name}" for name in inspect.signature(Trainer).parameters))
    if dot and section not in _SECTIONS:
        near = difflib.get_close_matches(section, _SECTIONS, n=1)
        return f": did you mean '{near[0]}.{rest}'?" if near else f": options begin with {', '.join(_SECTIONS)}"
    return _nearest(option, _SECTIONS)


def _nearest(name: str, candidates: Iterable[str]) -> str:
    candidates = list(candidates)
    near = difflib.get_close_matches(name, candidates, n=1)
    return f": did you mean '{near[0]}'?" if near else f": there is {', '.join(candidates)}"
