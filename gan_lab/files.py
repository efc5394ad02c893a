"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A path beside ``target``, of the same extension, for the block to write: it becomes ``target`` at the end.

    If the block raises, ``target`` stays as it was and what was written is removed. The folder is made.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    try:
        yield partial
        partial.replace(target)
    finally:
        with suppress(OSError):  # which would hide what went wrong
            partial.unlink(missing_ok=True)
