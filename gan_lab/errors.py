"""Errors that a user can mend: the command prints their message as one sentence, without a traceback."""

import math
from collections.abc import Mapping
from pathlib import Path


class GanLabError(Exception):
    """Base of every error whose message alone tells a user what is wrong, where, and what to do."""


class ConfigurationError(GanLabError, ValueError):
    """Settings that are well-formed but do not fit together, or do not fit this machine."""


class DatasetNotFoundError(GanLabError):
    """A data set's folder is missing or holds none of its files.

    Args:
        name: The data set.
        path: Where its files were looked for.
        remedy: How to get the files, or what the folder should hold.
    """

    def __init__(self, name: str, path: Path, remedy: str) -> None:
        state = "holds no image" if path.exists() else "does not exist"
        super().__init__(f"{name}: {path} {state}. {remedy}")
        self.path = path


class DatasetError(GanLabError):
    """A data set's files are there but do not fit together."""


class ImageReadError(GanLabError):
    """An image file cannot be decoded. The message begins with its path."""


class CheckpointError(GanLabError):
    """A checkpoint cannot be read, written or used for this model. The message names its path."""


class NonFiniteLossError(GanLabError):
    """A loss or a weight became NaN or infinite. The message names it and the step."""


def require(holds: bool, message: str) -> None:
    """Refuses settings in one sentence: raises ConfigurationError with ``message`` unless something holds."""
    if not holds:
        raise ConfigurationError(message)


def require_numbers(
    numbers: Mapping[str, float],
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> None:
    """Refuses numbers outside a range, infinite ones and NaN by the names of their options.

    Args:
        numbers: Name to number, such as ``{"data.val_fraction": val_fraction}``.
        at_least: The smallest number allowed.
        above: What a number must exceed, in place of ``at_least``.
        at_most: The largest number allowed.
        below: What a number must stay below, in place of ``at_most``.

    Raises:
        ConfigurationError: Naming the first one, the range and what it is.
    """
    bounds = {"at least": at_least, "above": above, "at most": at_most, "below": below}
    wanted = " and ".join(f"{words} {bound:.10g}" for words, bound in bounds.items() if bound is not None)
    for name, number in numbers.items():
        fits = (
            isinstance(number, int | float)
            and (isinstance(number, int) or math.isfinite(number))
            and (at_least is None or number >= at_least)
            and (above is None or number > above)
            and (at_most is None or number <= at_most)
            and (below is None or number < below)
        )
        require(fits, f"{name} must be {wanted or 'a finite number'}, got {number}")
