"""The best checkpoint of a run stays the best when the run is resumed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from gan_lab.callbacks.validation_data import Description, describe, difference, is_description
from gan_lab.errors import CheckpointError
from gan_lab.terminal import say
from gan_lab.training.best_checkpoint import Best, is_state, known_bests, known_states, lies_now
from gan_lab.training.checkpoint_files import read_checkpoint
from gan_lab.training.distributed import gather


class BestOfHistory(Callback):
    """Has every ModelCheckpoint that monitors a value go on from the best one that the run has had.

    Lightning's own forgets it, since a resumed run writes to another folder. Where the best cannot be gone on from (its
    file is gone, another value is monitored, the validation data is another), a line says so and the best is sought
    anew. NaN and what is worse than any number are never the best.
    """

    def __init__(self) -> None:
        self._measured_on: dict[str, Description] = {}
        self._looked = False

    def state_dict(self) -> dict[str, Any]:
        """What the monitored values were measured on."""
        return {"measured_on": self._measured_on} if self._measured_on else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes it over, to compare it with what is measured on; raises CheckpointError if it is of another form."""
        kept = state.get("measured_on")
        if not isinstance(kept, dict) or not all(map(is_description, kept.values())):
            raise CheckpointError("its 'callbacks' do not say what was validated on where they should")
        self._measured_on = kept

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Lets each ModelCheckpoint see the checkpoint's best as its own."""
        if trainer.state.fn != "fit":
            return
        _require_states(trainer, checkpoint["callbacks"])
        folder = Path(str(trainer.ckpt_path)).parent
        known, bests = known_states(checkpoint, folder), list(known_bests(checkpoint, folder))
        for callback in _monitoring(trainer):
            checkpoint["callbacks"].pop(callback.state_key, None)
            state = known.get(callback.state_key)
            if state is None:
                _say_what_was_monitored(callback, bests)
                continue
            lost = _loss(state, folder)
            if any(gather(lost)):  # on all processes alike, or they would wait for each other when they save
                say(f"{lost or 'a process has no best checkpoint'}: the best is sought anew")
                continue
            checkpoint["callbacks"][callback.state_key] = _moved(state, folder, str(callback.dirpath))

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Fills the places of the best with what any number beats."""
        for callback in _monitoring(trainer):
            _fill(callback)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Looks once whether values can be compared with those before."""
        if self._looked or trainer.state.fn != "fit" or not _monitoring(trainer):
            return
        self._looked = True
        validated = [callback for callback in _monitoring(trainer) if str(callback.monitor).startswith("val/")]
        before, now = self._measured_on, describe(trainer, [str(callback.monitor) for callback in validated])
        self._measured_on = now
        for callback in validated:
            monitor = str(callback.monitor)
            other = difference(before.get(monitor, now[monitor]), now[monitor])
            if other is not None and callback.best_model_path:
                say(
                    f"{other}, so that {monitor} cannot be compared with the one of "
                    f"{callback.best_model_path}: the best is sought anew"
                )
                callback.best_k_models = {}
                callback.best_model_path, callback.best_model_score = "", None
                _fill(callback)


def _monitoring(trainer: Trainer) -> list[ModelCheckpoint]:
    return [
        callback
        for callback in trainer.checkpoint_callbacks
        if isinstance(callback, ModelCheckpoint) and callback.monitor
    ]


def _require_states(trainer: Trainer, kept: Mapping[str, Any]) -> None:
    """Refuses what is no state of a ModelCheckpoint, of one that monitors nothing too."""
    keys = [callback.state_key for callback in trainer.checkpoint_callbacks if isinstance(callback, ModelCheckpoint)]
    if not all(is_state(kept[key]) for key in keys if key in kept):
        raise CheckpointError("its 'callbacks' hold no best checkpoint where they should")


def _fill(callback: ModelCheckpoint) -> None:
    """Gives a ModelCheckpoint as many models as it keeps: it takes the first ones whatever their value, NaN too.

    A checkpoint may know more of them, of a run that kept more.
    """
    sign = 1 if callback.mode == "min" else -1
    worst = torch.tensor(sign * float("inf"))
    models = {path: score for path, score in callback.best_k_models.items() if not score.isnan()}
    ranked = sorted(models, key=lambda path: sign * float(models[path]))
    kept = ranked if callback.save_top_k < 0 else ranked[: callback.save_top_k]
    callback.best_k_models = {path: models[path] for path in kept}
    callback.best_k_models |= {f"no model {place}": worst for place in range(len(kept), callback.save_top_k)}
    if callback.best_k_models:
        callback.kth_best_model_path, callback.kth_value = list(callback.best_k_models.items())[-1]


def _loss(state: Mapping[str, Any], folder: Path) -> str | None:
    """Why a checkpoint's best cannot be gone on from; None if it can."""
    best = state["best_model_path"]
    if not best:
        return None
    path = lies_now(best, state["dirpath"], folder)
    if path is None:
        return f"the best checkpoint {best} ({state['monitor']} {float(state['best_model_score']):.4g}) is gone"
    try:
        read_checkpoint(path, mmap=True)
    except CheckpointError as error:
        return str(error)
    return None


def _moved(state: Mapping[str, Any], folder: Path, dirpath: str) -> dict[str, Any]:
    """A state with the paths of today, as if it had been kept in ``dirpath``."""

    def now(path: str) -> str:
        return str(lies_now(path, state["dirpath"], folder) or path) if path else path

    return {
        **state,
        "dirpath": dirpath,
        "best_model_path": now(state["best_model_path"]),
        "kth_best_model_path": now(state["kth_best_model_path"]),
        "best_k_models": {now(path): score for path, score in state["best_k_models"].items()},
    }


def _say_what_was_monitored(callback: ModelCheckpoint, before: list[Best]) -> None:
    if before:
        known = " and ".join(f"{best} ({best.mode}) of {best.path or 'a file that is gone'}" for best in before)
        now = f"{callback.monitor} ({callback.mode})"
        say(f"the best is sought anew, by {now}; the checkpoint knows {known}")
