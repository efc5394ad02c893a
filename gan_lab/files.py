"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """A path beside ``target``, of the same extension, for the block to write: it becomes ``target`` at the end.

    Whoever reads ``target`` finds the old file or the new one, never half of one. If the block raises, ``target`` stays
    as it was and what was written is removed. Nothing is synced to the disk.

    Args:
        target: The file; its folder is made.

    Yields:
        Where to write.

    Raises:
        OSError: If the folder cannot be made, or the block wrote no file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    try:
        yield partial
        partial.replace(target)
    finally:
        with suppress(OSError):  # which would hide what went wrong
            partial.unlink(missing_ok=True)
