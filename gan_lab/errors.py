"""Errors that a user can mend: the command prints their message as one sentence, without a traceback."""

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


class DatasetError(GanLabError):
    """A data set's files are there but do not fit together."""


class ImageReadError(GanLabError):
    """An image file cannot be decoded. The message begins with its path."""


class CheckpointError(GanLabError):
    """A checkpoint cannot be read, written or used for this model. The message names its path."""


class NonFiniteLossError(GanLabError):
    """A loss or a weight became NaN or infinite. The message names it and the step."""
