"""Files of torch read without running code in them, and not before their checksums are found to be right."""

import os
import pickle
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import torch

from gan_lab.errors import CheckpointError
from gan_lab.files import atomic_write

_ZIP = b"PK\x03\x04"


class _Output:
    """A file that remembers why it could not be written to: torch says no more than that it is too short."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, content: Any) -> int:
        try:
            return self.file.write(content)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


def write_torch_file(content: Any, target: Path) -> None:
    """Writes what ``torch.save`` takes, on the disk when it returns; ``target`` is the old file or the new one, whole.

    Raises:
        OSError: If it cannot be written: why, and ``target``.
    """
    with atomic_write(target) as partial, partial.open("wb") as file:
        output = _Output(file)
        try:
            torch.save(content, output)  # type: ignore[arg-type]  # it needs no more of a file
        except Exception:
            if output.error is None:
                raise
            raise output.error from None
        file.flush()
        os.fsync(file.fileno())


def read_torch_file(
    path: Path, kind: str = "checkpoint", map_location: Any = "cpu", mmap: bool = False, checked: bool = True
) -> Any:
    """Loads what ``torch.save`` wrote: tensors and plain values.

    The archive's checksums are compared once, until the file changes. Files of torch before 1.6 are no archives and
    have none: of these a wrong bit goes unnoticed.

    Args:
        path: The file.
        kind: What messages call it.
        map_location: The device for its tensors.
        mmap: Whether to leave the tensors on the disk until they are used; of archives only.
        checked: Whether the checksums are compared; not for what is only spoken of.

    Raises:
        CheckpointError: If the file is missing, damaged, or holds pickled code.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no {kind} {path}")
    try:
        if checked and is_archive(path):
            _require_whole(path, kind, state_of_file(path))
        return torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)
    except (CheckpointError, torch.OutOfMemoryError):
        raise
    except PermissionError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from None
    except pickle.UnpicklingError as error:
        if "Unsupported global" in str(error) or "GLOBAL" in str(error):
            raise CheckpointError(f"{path} holds pickled code, which could do anything: it is not loaded") from None
        raise CheckpointError(f"{path} is broken or not a {kind}") from None
    except Exception:  # an unpickler fails in any way on what torch did not write
        raise CheckpointError(f"{path} is truncated or not a {kind}") from None


def is_archive(path: Path) -> bool:
    """Whether a file is of torch's format since 1.6, with checksums."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def state_of_file(path: Path) -> tuple[int, int, int]:
    """What differs once a file is another or has been written to: what was found of it in one state holds in that."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=64)
def _require_whole(path: Path, kind: str, state: tuple[int, int, int]) -> None:
    """Reads an archive and compares its checksums, once for each :func:`state_of_file`."""
    try:
        with zipfile.ZipFile(path) as archive:
            if not _is_of_torch(archive, state[1]):
                raise zipfile.BadZipFile
            damaged = archive.testzip()
    except Exception:  # zipfile, too, fails in any way on a broken file
        raise CheckpointError(f"{path} is truncated or not a {kind}") from None
    if damaged is not None:
        raise CheckpointError(f"{path} is damaged: {damaged} is not as it was written; take another copy of the file")


def _is_of_torch(archive: zipfile.ZipFile, size: int) -> bool:
    """Whether ``torch.save`` can have made it: nothing is compressed, so that no more is read than its size."""
    entries = archive.infolist()
    stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
    return stored and len(set(archive.namelist())) == len(entries) and sum(e.file_size for e in entries) <= size
