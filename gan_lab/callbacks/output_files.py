"""Which files a command may write: new ones, and those of its own making; never what it reads."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path

from gan_lab.datasets.folders import normal_name
from gan_lab.errors import GanLabError
from gan_lab.files import fitting_name
from gan_lab.images.signature import is_signed
from gan_lab.terminal import say

Identity = tuple[int, int]


@contextmanager
def unless_read_only(wanted: bool = False) -> Iterator[None]:
    """A block that writes a file which can be done without: where nothing may be written a line says so.

    Args:
        wanted: Whether it cannot be done without after all.
    """
    try:
        yield
    except OSError as error:
        if wanted or error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        say(f"{error.filename} is not kept ({error.strerror}): --trainer.default_root_dir names another folder")


class OutputFiles:
    """Refuses to replace a file that is read, or that gan-lab did not make.

    Files are compared, not names: links of either kind and names that a file system takes for the same are found.

    Args:
        inputs: Says which files are read; asked once, if there is a file where one is to be written.
    """

    def __init__(self, inputs: Callable[[], Iterable[Path]]) -> None:
        self._inputs = inputs
        self._sources: dict[str, tuple[Path, object]] = {}

    def require(self, path: Path, source: object = None) -> Path:
        """Hands a path back that may be written.

        Args:
            path: Where.
            source: What the file is made of; a second call for the same path with an equal one, not None, is welcome.

        Raises:
            GanLabError: If there is a file that is read or not gan-lab's, or another source was to be written there.
        """
        key = normal_name(str(path)).casefold()
        known, its_source = self._sources.get(key, (None, None))
        if known == path and source is not None and source == its_source:
            return path
        found = _identity(path)
        if known is not None and (known == path or (found is not None and found == _identity(known))):
            raise GanLabError(
                f"{path} would be written twice, the second time of another picture: rename one of the two"
            )
        if found is not None and found in self._read:
            raise GanLabError(f"{path} is read and would be replaced by a prediction: set another predictions.folder")
        if found is not None and not is_signed(path):
            raise GanLabError(
                f"{path} would be replaced, and is not of gan-lab's making: set another predictions.folder, or move it"
            )
        self._sources[key] = (path, source)
        return path

    def free(self, path: Path) -> Path:
        """The path, or a numbered one beside it where there is a file that must stay."""
        return next(each for each in _numbered(path) if not self._must_stay(each))

    def _must_stay(self, path: Path) -> bool:
        found = _identity(path)
        if found is None or (found not in self._read and is_signed(path)):
            return False
        say(f"{path} stays: it is read, or not of gan-lab's making")
        return True

    @cached_property
    def _read(self) -> set[Identity]:
        return {found for path in self._inputs() if (found := _identity(path)) is not None}


def _identity(path: Path) -> Identity | None:
    """What two names of one file have in common; None where there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _numbered(path: Path) -> Iterable[Path]:
    yield path
    for number in count(1):
        yield path.with_name(fitting_name(path.stem, f"_{number}{path.suffix}"))
