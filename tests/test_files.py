import errno
import os
import re
import subprocess
import sys
import time

import pytest

from gan_lab import files
from gan_lab.files import atomic_write, partial_path, sweep

KILLED = """
import os, signal, sys
from pathlib import Path
from gan_lab.files import atomic_write, partial_path
with atomic_write(Path(sys.argv[1])) as partial:
    partial.write_text("half")
    store = partial_path(Path(sys.argv[1]).with_name("store"))
    store.mkdir()
    (store / "8.npy").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
HOURS_AGO = time.time() - 2 * 3600


def test_a_file_appears_once_it_is_whole(tmp_path):
    target = tmp_path / "new" / "a.txt"
    with atomic_write(target) as partial:
        partial.write_text("half")
        assert not target.exists()
        assert partial.suffix == ".txt"
        partial.write_text("whole")
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_the_old_file_alone(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def interrupted() -> None:
        with atomic_write(target) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_that_writes_nothing_leaves_the_old_file_alone(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(OSError, match="nothing was written"), atomic_write(target):
        pass
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_names_the_file(tmp_path):
    with pytest.raises(OSError, match="No space") as full, atomic_write(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert full.value.filename == str(tmp_path / "a.txt")


@pytest.mark.skipif(os.name != "posix", reason="links and permissions of POSIX")
def test_a_temporary_file_is_new_has_the_umasks_permissions_and_follows_no_link(tmp_path, monkeypatch):
    target, victim = tmp_path / "a.txt", tmp_path / "victim.txt"
    victim.write_text("precious")
    target.symlink_to(victim)
    with atomic_write(target) as one, atomic_write(target) as two:
        assert one != two
        for partial in (one, two):
            partial.write_text("new")
        assert oct(one.stat().st_mode & 0o777) == oct(0o666 & ~current_umask())
    assert victim.read_text() == "precious"
    assert not target.is_symlink()

    guessed = tmp_path / ".guessed.partial.txt"
    guessed.symlink_to(victim)
    monkeypatch.setattr(files, "partial_path", lambda target: guessed)
    with pytest.raises(FileExistsError), atomic_write(target) as partial:
        partial.write_text("evil")
    assert victim.read_text() == "precious"


def current_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_a_name_of_the_longest_length_can_be_written(tmp_path):
    target = tmp_path / f"{'ä' * 125}.txt"
    with atomic_write(target) as partial:
        partial.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere only age tells")
def test_what_a_killed_process_was_writing_goes_with_the_next_write(tmp_path):
    target = tmp_path / "last.ckpt"
    assert subprocess.run([sys.executable, "-c", KILLED, str(target)]).returncode == -9
    left = sorted(path.name for path in tmp_path.iterdir())
    assert [re.sub(r"\.[0-9a-f]{8}-.*\.partial", "", name) for name in left] == [".last.ckpt", ".store"]
    with atomic_write(target) as partial:
        partial.write_text("whole")
    assert list(tmp_path.iterdir()) == [target]


def test_only_what_is_abandoned_is_swept(tmp_path):
    mine = partial_path(tmp_path / "mine.png")
    elsewhere = tmp_path / ".theirs.01234567-1-1-0123456789abcdef.partial.png"
    older, store = tmp_path / ".last.4194303.partial.ckpt", tmp_path / f".4-128-ab.{'0' * 32}.partial"
    users = [tmp_path / name for name in (".notes.partial.txt", "last.12.partial.ckpt", ".gitignore", "a.png")]
    for path in (mine, elsewhere, older, *users):
        path.write_text("something")
    store.mkdir()
    (store / "8.npy").write_text("something")
    everything = {mine, elsewhere, older, store, *users}
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == everything
    for path in everything:
        os.utime(path, (HOURS_AGO, HOURS_AGO))
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {mine, store, *users}  # something in the store has just been written
    os.utime(store / "8.npy", (HOURS_AGO, HOURS_AGO))
    os.utime(store, (HOURS_AGO, HOURS_AGO))
    sweep(tmp_path)
    sweep(tmp_path / "absent")
    assert set(tmp_path.iterdir()) == {mine, *users}
