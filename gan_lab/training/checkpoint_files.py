"""Checkpoints read and found, without Lightning: whoever uses a trained model needs no more."""

import pickle
from pathlib import Path
from typing import Any

import torch

from gan_lab.errors import CheckpointError
from gan_lab.training.old_checkpoints import in_present_form
from gan_lab.training.renamed import RENAMES


def read_checkpoint(path: Path, map_location: Any = "cpu", mmap: bool = False) -> dict[str, Any]:
    """Loads a training checkpoint without running any code in it; what was renamed since has its present name.

    Args:
        path: The file.
        map_location: The device for its tensors.
        mmap: Whether to leave the tensors on the disk until they are used.

    Raises:
        CheckpointError: If the file is missing, truncated, not a training checkpoint, or holds pickled code.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint {path}")
    try:
        checkpoint = torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)
    except pickle.UnpicklingError as error:
        if "Unsupported global" in str(error) or "GLOBAL" in str(error):
            raise CheckpointError(f"{path} holds pickled code, which could do anything: it is not loaded") from None
        raise CheckpointError(f"{path} is broken or not a checkpoint") from None
    except (RuntimeError, EOFError, ValueError, OSError, KeyError):
        raise CheckpointError(f"{path} is truncated or not a checkpoint") from None
    if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
        raise CheckpointError(f"{path} is no training checkpoint: it has no 'state_dict'")
    return in_present_form(checkpoint, RENAMES)


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
    for candidate in candidates:
        try:
            read_checkpoint(candidate, mmap=True)
        except CheckpointError as error:
            print(f"gan-lab: skipped: {error}")
            continue
        return candidate
    raise CheckpointError(f"there is no readable {wanted}.ckpt below {root}")
