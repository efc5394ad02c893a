"""Checkpoints read and found, without Lightning: whoever uses a trained model needs no more."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from torch import Tensor

from gan_lab.errors import CheckpointError
from gan_lab.training.checkpoint_form import misfit, misfit_of_weights
from gan_lab.training.old_checkpoints import in_present_form
from gan_lab.training.renamed import RENAMES
from gan_lab.training.torch_files import is_archive, read_torch_file, state_of_file


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


def find_checkpoint(wanted: str, root: Path) -> Path:
    """Turns what the user asked for into a checkpoint file.

    Args:
        wanted: A path; or ``last`` or ``best`` for the newest readable ``last.ckpt`` or ``best.ckpt`` below ``root``.
        root: The folder of the experiment, ``trainer.default_root_dir``.

    Raises:
        CheckpointError: If there is none, or the named one cannot be read.
    """
    if wanted not in ("last", "best"):
        read_checkpoint(Path(wanted), mmap=True)
        return Path(wanted)
    candidates = sorted(root.rglob(f"{wanted}.ckpt"), key=lambda path: path.stat().st_mtime, reverse=True)
    skipped = False
    for candidate in candidates:
        try:
            read_checkpoint(candidate, mmap=True)
        except CheckpointError as error:
            print(f"gan-lab: skipped: {error}")
            skipped = True
            continue
        if skipped:
            print(f"gan-lab: taken in its place: {candidate}, the newest {wanted}.ckpt that is whole")
        return candidate
    raise CheckpointError(f"there is no readable {wanted}.ckpt below {root}")


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
