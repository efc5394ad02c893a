"""Checkpoints read and found, without Lightning: whoever uses a trained model needs no more."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from torch import Tensor

from gan_lab.errors import CheckpointError
from gan_lab.terminal import say
from gan_lab.training.best_checkpoint import Best, known_bests, peek
from gan_lab.training.checkpoint_form import misfit, misfit_of_weights
from gan_lab.training.old_checkpoints import in_present_form
from gan_lab.training.renamed import RENAMES
from gan_lab.training.torch_files import is_archive, read_torch_file, state_of_file

_DIFFERENCES_NAMED = 3


def read_checkpoint(path: Path, map_location: Any = "cpu", mmap: bool = False) -> dict[str, Any]:
    """Loads a training checkpoint without running any code in it; what was renamed since has its present name.

    Its checksums, its form and that its weights are finite are looked at once, until the file changes.

    Args:
        path: The file.
        map_location: The device for its tensors.
        mmap: Whether to leave the tensors on the disk until they are used.

    Raises:
        CheckpointError: If the file is missing, damaged, not a training checkpoint, or holds pickled code or weights
            that are not finite.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint {path}")
    _require_sound(path, state_of_file(path))
    return in_present_form(read_torch_file(path, map_location=map_location, mmap=mmap), RENAMES)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Loads a state dict, such as others publish, without running any code in the file.

    Raises:
        CheckpointError: If the file is missing, damaged, of another form, or holds pickled code or numbers that are not
            finite.
    """
    weights: dict[str, Tensor] = read_torch_file(path, kind="file of weights")
    wrong = misfit_of_weights(weights)
    if wrong is not None:
        raise CheckpointError(f"{path} is no file of weights that can be used: {wrong}")
    return weights


def first_of(differences: Sequence[str]) -> str:
    """The first three differences between tensors, and how many others there are."""
    named, more = differences[:_DIFFERENCES_NAMED], len(differences) - _DIFFERENCES_NAMED
    others = [f"{more} other tensors differ" if more > 1 else "1 other tensor differs"] if more > 0 else []
    return "; ".join([*named, *others])


def find_checkpoint(wanted: str, root: Path) -> Path:
    """Turns what the user asked for into a checkpoint file; says which ones are passed over and why.

    Args:
        wanted: A path, or that of a folder for the ``last`` below it; ``last`` for the newest ``last.ckpt`` below
            ``root`` that is whole; ``best`` for the ``best.ckpt`` of the newest run there or of one that it was resumed
            from, whichever has the better value.
        root: The folder of the experiment, ``trainer.default_root_dir``.

    Raises:
        CheckpointError: If there is none, or the named one cannot be read.
    """
    if wanted not in ("last", "best") and Path(wanted).is_dir():
        return find_checkpoint("last", Path(wanted))
    if wanted not in ("last", "best"):
        read_checkpoint(Path(wanted), mmap=True)
        return Path(wanted)
    skipped: list[Path] = []
    found = _find_last(root, skipped) if wanted == "last" else _find_best(root, skipped)
    if found is None:
        raise CheckpointError(f"there is no readable {wanted}.ckpt below {root}")
    if skipped:
        say(f"taken in its place: {found}")
    if wanted == "best":
        _say_if_another_is_better(found, root)
    return found


def _find_last(root: Path, skipped: list[Path]) -> Path | None:
    return next((path for path in _newest_first(root, "last.ckpt") if _read(path, skipped) is not None), None)


def _find_best(root: Path, skipped: list[Path]) -> Path | None:
    """The newest ``best.ckpt``, or the one that a newer ``last.ckpt`` knows to be better than all since."""
    for path in _newest_first(root, "last.ckpt", "best.ckpt"):
        checkpoint = _read(path, skipped)
        if checkpoint is None:
            continue
        own = _own_score(path)
        if path.name == "best.ckpt" and (own is None or own.counts):
            return path
        for best in known_bests(checkpoint, path.parent):
            if best.path is None:
                say(f"the best checkpoint that {path} knows, of {best}, is gone")
            elif best.counts and best.path.name == "best.ckpt" and _read(best.path, skipped) is not None:
                return best.path
    return None


def _newest_first(root: Path, *names: str) -> list[Path]:
    """Files below a folder; of equal age a best.ckpt comes first, which was saved after the last.ckpt of its step."""
    files = [path for name in names for path in root.rglob(name) if path.is_file()]
    return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name == "best.ckpt"), reverse=True)


def _read(path: Path, skipped: list[Path]) -> dict[str, Any] | None:
    """A checkpoint; None if it is not whole, which is said once."""
    try:
        return read_checkpoint(path, mmap=True)
    except CheckpointError as error:
        if path not in skipped:
            say(f"skipped: {error}")
            skipped.append(path)
        return None


def _say_if_another_is_better(found: Path, root: Path) -> None:
    """Names the best that is not of this run's history: of another run, or of before checkpoints told of it."""
    best = own = _own_score(found)
    where = found
    for path in root.rglob("best.ckpt") if own is not None else ():
        other = None if path.samefile(found) else _own_score(path)
        if best is not None and other is not None and other.beats(best):
            best, where = other, path
    if where != found:
        which = f"{where} is better ({best}; here {own})"
        say(f"{which}, but of a run that this one does not go on from")


def _own_score(path: Path) -> Best | None:
    """What a best.ckpt is the best by; None if it does not say. Its checksums are not looked at."""
    known = known_bests(peek(path), path.parent)
    return next((best for best in known if best.path is not None and best.path.samefile(path)), None)


@lru_cache(maxsize=64)
def _require_sound(path: Path, state: tuple[int, int, int]) -> None:
    """Refuses what is no training checkpoint, once for each state of the file."""
    checkpoint = read_torch_file(path, mmap=is_archive(path))
    wrong = misfit(checkpoint)
    if wrong is not None:
        raise CheckpointError(f"{path} is no training checkpoint that can be used: {wrong}")
    if not is_archive(path):
        raise CheckpointError(f"{path} has torch's format before 1.6, without checksums: save it with a newer one")
    try:
        present = in_present_form(checkpoint, RENAMES)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError):
        raise CheckpointError(f"{path} is no training checkpoint that can be used: its settings are broken") from None
    if "schedule" in present.get("hyper_parameters", {}) and "images_seen" not in present:
        raise CheckpointError(f"{path} is no training checkpoint that can be used: it has no 'images_seen'")
