"""Checkpoints that are whole or not there, hold no code, and are refused in plain words if they are not the model's."""

import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.plugins.io import TorchCheckpointIO

from gan_lab.errors import CheckpointError
from gan_lab.files import atomic_write
from gan_lab.training.checkpoint_files import read_checkpoint


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its target, syncs it to the disk, then renames it into place.

    Whatever happens meanwhile (a kill, a full disk), the target is either the old file or the new one, whole. Loads
    with ``weights_only=True``, whatever is asked: a checkpoint cannot run code.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Writes ``checkpoint`` to ``path``, or raises CheckpointError and leaves ``path`` as it was."""
        target = Path(path)
        try:
            with atomic_write(target) as partial, partial.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(target.parent)
        except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
            kept = "; the previous one is intact" if target.is_file() else ""
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
            raise CheckpointError(f"cannot write checkpoint {target}: {reason}{kept}") from error

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = True) -> dict[str, Any]:
        """Reads a checkpoint; raises CheckpointError if it is missing, broken, or holds pickled code."""
        return read_checkpoint(Path(path), map_location=map_location or "cpu")


def require_match(path: Path, model: LightningModule) -> dict[str, tuple[Any, Any]]:
    """Refuses a checkpoint that is not of this model.

    Returns:
        The settings that differ although the weights fit: name to (in the checkpoint, now).

    Raises:
        CheckpointError: If its weights are of another paper, or of networks built with other settings.
    """
    checkpoint = read_checkpoint(path, mmap=True)
    theirs = {name: tuple(tensor.shape) for name, tensor in checkpoint["state_dict"].items()}
    ours = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    saved = checkpoint.get("hyper_parameters", {})
    changed = {
        name: (saved[name], now)
        for name, now in model.hparams.items()
        if name in saved and not name.startswith("_") and _plain(saved[name]) != _plain(now)
    }
    if theirs == ours:
        return changed
    paper = str(saved.get("_class_path", "")).rpartition(".")[2]
    if paper and paper != type(model).__name__:
        raise CheckpointError(f"{path} is a checkpoint of {paper}, not of {type(model).__name__}")
    name = next(name for name in sorted(theirs.keys() | ours.keys()) if theirs.get(name) != ours.get(name))
    settings = ", ".join(f"{name} {old} there, {new} here" for name, (old, new) in changed.items())
    raise CheckpointError(
        f"{path} holds other networks than {type(model).__name__} as configured: {name} is "
        f"{theirs.get(name, 'absent')} there, {ours.get(name, 'absent')} here" + (f" ({settings})" if settings else "")
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value


def _sync_folder(folder: Path) -> None:
    """Makes a rename in a folder survive a power cut, where the system knows how."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
