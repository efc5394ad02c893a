"""Checkpoints that are whole or not there, hold no code, and are refused in plain words if they are not the model's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor

from gan_lab.errors import CheckpointError
from gan_lab.training.checkpoint_files import first_of, read_checkpoint
from gan_lab.training.ema import with_averages
from gan_lab.training.lightning_private import raised_while_restoring
from gan_lab.training.torch_files import write_torch_file

_OF_STEPS = ("epochs", "interval", "pool_size", "objective", "direction", "mode")  # ends of options of no network


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its target, syncs it to the disk, then renames it into place.

    Whatever happens meanwhile (a kill, a full disk), the target is either the old file or the new one, whole. Loads
    with ``weights_only=True``, whatever is asked: a checkpoint cannot run code. Removes what it has written itself: the
    names of older checkpoints are read from a checkpoint, which can name anything.
    """

    def __init__(self) -> None:
        super().__init__()
        self._written: set[str] = set()

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Writes ``checkpoint`` to ``path``, or raises CheckpointError and leaves ``path`` as it was."""
        target = Path(path)
        try:
            write_torch_file(checkpoint, target)
            _sync_folder(target.parent)
            self._written.add(os.path.realpath(target))
        except (OSError, RuntimeError) as error:  # which torch raises of what it cannot write
            kept = "; the previous one is intact" if target.is_file() else ""
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
            raise CheckpointError(f"cannot write checkpoint {target}: {reason}{kept}") from error

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = True) -> dict[str, Any]:
        """Reads a checkpoint; raises CheckpointError if it is missing, broken, or holds pickled code."""
        return read_checkpoint(Path(path), map_location=map_location or "cpu")

    def remove_checkpoint(self, path: Any) -> None:
        """Removes a file that it has written; leaves all else where it is, folders and files of other runs too."""
        target = os.path.realpath(path)
        if target in self._written:
            Path(target).unlink(missing_ok=True)


def require_match(path: Path, model: LightningModule) -> dict[str, tuple[Any, Any]]:
    """Refuses a checkpoint that is not of this model.

    Returns:
        The settings that differ although the weights fit: name to (in the checkpoint, now).

    Raises:
        CheckpointError: If its weights are of another paper, or of networks built with other settings.
    """
    checkpoint = read_checkpoint(path, mmap=True)
    ours = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    weights = with_averages(checkpoint["state_dict"], ours)
    theirs = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    saved = checkpoint.get("hyper_parameters", {})
    changed = {
        name: (saved[name], now)
        for name, now in model.hparams.items()
        if name in saved and not name.startswith("_") and _differ(saved[name], now)
    }
    if theirs == ours:
        _require_kinds(path, weights, model)
        return changed
    paper = str(saved.get("_class_path", "")).rpartition(".")[2]
    if paper and paper != type(model).__name__:
        raise CheckpointError(f"{path} is a checkpoint of {paper}, not of {type(model).__name__}")
    differences = [
        f"{name} is {theirs.get(name, 'absent')} there, {ours.get(name, 'absent')} here"
        for name in sorted(theirs.keys() | ours.keys())
        if theirs.get(name) != ours.get(name)
    ]
    raise CheckpointError(
        f"{path} holds other networks than {type(model).__name__} as configured: {first_of(differences)}"
        + _suggested(changed)
    )


def _suggested(changed: dict[str, tuple[Any, Any]]) -> str:
    """The settings that may have made the networks of a checkpoint what they are."""
    found = []
    for name, (there, here) in changed.items():
        if isinstance(there, dict) and isinstance(here, dict):
            found += [f"model.{name}.{key} {value}" for key, value in there.items() if value != here.get(key)]
        elif isinstance(there, int | str) and not name.endswith(_OF_STEPS):  # no weight or rate builds a network
            found.append(f"model.{name} {there}")
    return f". It was made with {', '.join(found)}" if found else ""


@contextmanager
def restoring(path: Path) -> Iterator[None]:
    """A block that runs a trainer from a checkpoint: what goes wrong while it is restored is the checkpoint's fault.

    Args:
        path: The checkpoint.

    Raises:
        CheckpointError: Naming the file and what its parts were refused for.
    """
    try:
        yield
    except (MisconfigurationException, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if str(path) in str(error) or not raised_while_restoring(error):
            raise
        reason = "".join(letter for letter in " ".join(str(error).split()) if letter.isprintable())
        if not isinstance(error, CheckpointError):
            reason = f"its parts do not fit together ({type(error).__name__}: {reason})"
        raise CheckpointError(f"{path} cannot be used: {reason}") from error


def require_resumable(path: Path, trainer: Trainer) -> None:
    """Refuses to train on from a checkpoint that lacks what Lightning would begin anew without a word.

    Raises:
        CheckpointError: If it holds no more than a model, or not all that a trainer counts.
    """
    checkpoint = read_checkpoint(path, mmap=True)
    for part in ("loops", "optimizer_states", "lr_schedulers", "pytorch-lightning_version"):
        if part not in checkpoint:
            raise CheckpointError(f"{path} holds a model to use, but nothing to train on from: it has no '{part}'")
    kept = checkpoint["loops"].get("fit_loop", {})
    counts = {name: part for name, part in trainer.fit_loop.state_dict().items() if name.endswith("progress")}
    counted = {name: part for name, part in counts.items() if ".val_loop." not in name}  # always begun anew
    if not _counts_all(kept, counted):
        raise CheckpointError(f"{path} is broken: its 'loops' do not say how far the training is")


def _counts_all(kept: Any, wanted: Any) -> bool:
    """Whether a tree of counts has every branch and every leaf of another one."""
    if not isinstance(wanted, dict) or not isinstance(kept, dict):
        return isinstance(wanted, dict) == isinstance(kept, dict)
    return all(name in kept and _counts_all(kept[name], part) for name, part in wanted.items())


def _require_kinds(path: Path, theirs: dict[str, Tensor], model: LightningModule) -> None:
    """Refuses weights whose numbers are of another kind, such as whole ones, which torch would convert in silence."""
    for name, tensor in model.state_dict().items():
        wanted, found = tensor.dtype, theirs[name].dtype
        if (wanted.is_floating_point, wanted.is_complex) != (found.is_floating_point, found.is_complex):
            raise CheckpointError(f"{path} is broken: {name} is of {found} there and should be of {wanted}")


def _differ(one: Any, other: Any) -> bool:
    try:
        return bool(_plain(one) != _plain(other))
    except (RuntimeError, ValueError, TypeError):  # tensors of several numbers, and what cannot be compared
        return True


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
