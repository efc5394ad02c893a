"""Files that are there whole or not at all."""

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_ABANDONED_AFTER = 3600.0  # seconds without a change; a write under way changes its file all the time
_LONGEST_NAME = 255  # bytes, on all common file systems
_PARTIAL = re.compile(  # of whom: a machine, a process and its start; in older names a process or nobody
    r"\..*\.(?:(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-(?P<start>\d+)-[0-9a-f]{16}|\d+|[0-9a-f]{32})"
    r"\.partial(?:\.[^.]+)?",
    re.DOTALL,
)


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """An empty file beside ``target``, of the same extension, for the block to write: it becomes ``target`` at the end.

    Whoever reads ``target`` finds the old file or the new one, never half of one. If the block raises, ``target`` stays
    as it was and what was written is removed; if the process is killed, the next one that writes into the folder
    removes it. Nothing is synced to the disk.

    Args:
        target: The file; its folder is made. A link is replaced, not followed.

    Yields:
        Where to write. Nobody else had a file or a link there.

    Raises:
        OSError: If the folder cannot be made, or the block wrote nothing, or could not; it names ``target``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep_once(target.parent.absolute())
    partial = partial_path(target)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # less what the umask says
        yield partial
        if not partial.stat().st_size:
            raise OSError(f"{target}: nothing was written")
        partial.replace(target)
    except OSError as error:
        if error.errno and error.filename in (None, str(partial)):  # a full disk names no file
            error.filename = str(target)
        raise
    finally:
        with suppress(OSError):  # which would hide what went wrong
            partial.unlink(missing_ok=True)


def fitting_name(stem: str, ending: str = "") -> str:
    """The name of a file that is called after another one, no longer than names may be.

    Args:
        stem: What it is called after.
        ending: What follows, and is kept whole.

    Returns:
        Both together, at most 255 bytes. A longer stem is cut at a letter and goes on with a digest of the whole: equal
        stems give equal names, and others others.
    """
    if len(os.fsencode(stem + ending)) <= _LONGEST_NAME:
        return stem + ending
    whole = os.fsencode(stem)
    ending = f"~{hashlib.sha256(whole).hexdigest()[:12]}{ending}"
    return whole[: _LONGEST_NAME - len(os.fsencode(ending))].decode(errors="ignore") + ending


def partial_path(target: Path) -> Path:
    """A name beside ``target`` that cannot be guessed, for what is to become it; :func:`sweep` knows whose it is."""
    process = os.getpid()
    end = f".{_machine()}-{process}-{_start_of(process)}-{secrets.token_hex(8)}.partial{target.suffix}"
    room = _LONGEST_NAME - 1 - len(os.fsencode(end))
    stem = os.fsencode(target.stem)[:room].decode(errors="ignore")
    return target.with_name(f".{stem}{end}")


def sweep(folder: Path) -> None:
    """Removes what processes that are no more were writing into a folder.

    What another machine was writing, or an earlier version, which did not say who it was, is removed once nothing of it
    has changed for an hour. A folder that does not exist, or cannot be read, is passed over.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        found = [(Path(entry.path), match) for entry in entries if (match := _PARTIAL.fullmatch(entry.name))]
        for path, owner in found:
            with suppress(OSError):
                if not _is_abandoned(path, owner):
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()


@cache
def _sweep_once(folder: Path) -> None:
    sweep(folder)


def _is_abandoned(path: Path, owner: re.Match[str]) -> bool:
    """Whether nobody writes to a path any more."""
    if owner["machine"] and owner["machine"] == _machine():
        return _start_of(int(owner["process"])) != int(owner["start"])
    inside = path.iterdir() if path.is_dir() and not path.is_symlink() else ()
    changed: float = max(each.lstat().st_mtime for each in (path, *inside))
    return time.time() - changed > _ABANDONED_AFTER


@cache
def _machine() -> str:
    """Where and whose processes are told apart by their numbers: a start of the system, a container, a user.

    Random where the system does not say: what such a process leaves is removed by its age.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        whose = f"{boot} {os.readlink('/proc/self/ns/pid')} {os.getuid()}"  # others' processes may be hidden
        return hashlib.sha256(whose.encode()).hexdigest()[:8]
    except OSError:
        return secrets.token_hex(4)


def _start_of(process: int) -> int:
    """When a process started, in ticks since the system did; -1 if it is no more, 0 if that is not known."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return -1 if Path("/proc/self/stat").exists() else 0
    return -1 if fields[0] in "ZX" else int(fields[19])  # proc(5): a zombie has ended too
