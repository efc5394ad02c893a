"""The best checkpoint of a run's whole history, as each checkpoint keeps it of Lightning's ModelCheckpoint."""

import ast
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_lab.errors import CheckpointError
from gan_lab.training.checkpoint_form import is_count, is_name, is_plain_tensor
from gan_lab.training.torch_files import is_archive, read_torch_file

_PATHS = ("best_model_path", "kth_best_model_path")


@dataclass(frozen=True)
class Best:
    """The best checkpoint as another one knows it.

    Attributes:
        monitor: The value that it is the best by.
        mode: ``min`` or ``max``.
        score: That value.
        path: Where it lies; None if it is gone.
    """

    monitor: str
    mode: str
    score: float
    path: Path | None

    def __str__(self) -> str:
        return f"{self.monitor} {self.score:.4g}"

    @property
    def counts(self) -> bool:
        """Whether it has a value at all: Lightning keeps NaN as the worst infinity."""
        return not math.isnan(self.score) and self.score != math.inf * (1 if self.mode == "min" else -1)

    def beats(self, other: "Best") -> bool:
        """Whether it is better than another one by the same value."""
        comparable = (self.monitor, self.mode) == (other.monitor, other.mode)
        return comparable and (self.score < other.score if self.mode == "min" else self.score > other.score)


def known_bests(checkpoint: Mapping[str, Any], folder: Path) -> Iterator[Best]:
    """The best checkpoint by each monitored value, up to a checkpoint; arguments as :func:`known_states`."""
    for key, state in known_states(checkpoint, folder).items():
        if state["best_model_path"] and state["monitor"]:
            path = lies_now(state["best_model_path"], state["dirpath"], folder)
            yield Best(state["monitor"], _mode(key), float(state["best_model_score"]), path)


def known_states(checkpoint: Mapping[str, Any], folder: Path) -> dict[str, Mapping[str, Any]]:
    """What a checkpoint keeps of each ModelCheckpoint, or what the one does that this has saved at the same step.

    A ``last.ckpt`` that was saved before the ``best.ckpt`` of its step does not know of it.

    Args:
        checkpoint: As read.
        folder: The folder that its file lies in.

    Returns:
        States by the keys that Lightning keeps them by.
    """
    states = {key: state for key, state in checkpoint.get("callbacks", {}).items() if is_state(state)}
    for path in sorted(folder.glob("*.ckpt")):
        other = peek(path)
        if other.get("global_step") == checkpoint.get("global_step"):
            theirs = {key: state for key, state in other.get("callbacks", {}).items() if is_state(state)}
            states |= {
                key: state
                for key, state in theirs.items()
                if lies_now(state["best_model_path"], state["dirpath"], folder) == path
            }
    return states


def peek(path: Path) -> Mapping[str, Any]:
    """A checkpoint whose numbers are not used: its checksums are not looked at; empty if it is none."""
    try:
        checkpoint = read_torch_file(path, mmap=is_archive(path), checked=False)
    except (CheckpointError, OSError):
        return {}
    fits = isinstance(checkpoint, dict) and isinstance(checkpoint.get("callbacks", {}), dict)
    return checkpoint if fits and is_count(checkpoint.get("global_step", 0)) else {}


def is_state(state: Any) -> bool:
    """Whether it is a state of ModelCheckpoint's; one that was read from a file may be anything."""
    if not isinstance(state, dict):
        return False
    models, score = state.get("best_k_models"), state.get("best_model_score")
    paths = all(is_name(state.get(name)) for name in (*_PATHS, "dirpath")) and is_name(state.get("last_model_path", ""))
    scores = isinstance(models, dict) and all(is_name(name) and _is_score(model) for name, model in models.items())
    best = _is_score(score) or (score is None and state.get("monitor") is None) or not state.get("best_model_path")
    return paths and scores and best and (state.get("monitor") is None or is_name(state["monitor"]))


def lies_now(path: str, dirpath: str, folder: Path) -> Path | None:
    """Where a file of a run lies, which may have been moved as a whole.

    Args:
        path: Where the file lay; nothing for none.
        dirpath: Where the checkpoint lay that says so.
        folder: Where that checkpoint lies.
    """
    if not path:
        return None
    moved = Path(os.path.normpath(folder / os.path.relpath(path, dirpath)))
    return next((p for p in (moved, Path(path)) if os.path.isfile(p)), None)  # unlike is_file for names too long


def _is_score(value: Any) -> bool:
    return is_plain_tensor(value) and value.numel() == 1 and not value.is_complex()


def _mode(key: str) -> str:
    """The mode within the key that Lightning keeps a ModelCheckpoint's state by."""
    try:
        return str(ast.literal_eval(key[key.index("{") :])["mode"])
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        return "min"
