"""Callbacks that tests name in a config to watch a run, or to end it."""

import json
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback

from gan_lab.errors import ImageReadError


class RecordOrder(Callback):
    """Appends the names of every training batch to a file."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps([trainer.global_step, batch["name"], float(batch["source"].sum())]) + "\n")


class SignalAt(Callback):
    """Sends this process a signal when a step is done."""

    def __init__(self, step: int, name: str, rank: int = 0) -> None:
        self.step = step
        self.signal = signal.Signals[name]
        self.rank = rank

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step and trainer.global_rank == self.rank:
            os.kill(os.getpid(), self.signal)


class SignalIn(Callback):
    """Sends this process signals in a hook, the n-th time it is called; after a step, if one is named."""

    def __init__(self, hook: str, names: list[str], step: int | None = None, call: int = 1) -> None:
        self.signals = [signal.Signals[name] for name in names]
        self.step = step
        self.calls_left = call
        setattr(self, hook, self._send)

    def _send(self, trainer: Any, *_: Any, **__: Any) -> None:
        if self.step in (None, trainer.global_step):
            self.calls_left -= 1
        if self.step in (None, trainer.global_step) and self.calls_left == 0:
            for number in self.signals:
                os.kill(os.getpid(), number)


class SignalAllAt(Callback):
    """Sends SIGTERM to this process and to the workers of its loaders when a step is done, as a scheduler does."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step:
            for process in (*multiprocessing.active_children(), multiprocessing.current_process()):
                os.kill(process.pid, signal.SIGTERM)


class SaveRank(Callback):
    """Saves what each process holds: gradients after the first step, weights and buffers at the end."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == 1:
            gradients = {name: parameter.grad for name, parameter in pl_module.named_parameters()}
            self._save(trainer, "gradients", gradients | {"batch": batch["name"]})

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self._save(trainer, "state", pl_module.state_dict())

    def _save(self, trainer: Any, what: str, tensors: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.save(tensors, self.folder / f"{what}-{trainer.global_rank}of{trainer.world_size}.pt")


class SaveAfterStep(Callback):
    """Saves the gradients that the first step was made with, in each process."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == 1:
            gradients = {name: parameter.grad for name, parameter in pl_module.named_parameters()}
            self.folder.mkdir(parents=True, exist_ok=True)
            torch.save(gradients, self.folder / f"gradients-{trainer.global_rank}of{trainer.world_size}.pt")


class PoisonAt(Callback):
    """Makes a weight infinite before a step, as an overflow would."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step:
            with torch.no_grad():
                next(pl_module.generator.parameters()).fill_(float("inf"))


class SaveNoise(Callback):
    """Saves what each process draws in its first step."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:
        path = self.folder / f"{trainer.global_rank}.pt"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            torch.save(torch.rand(4), path)


class SaveMetrics(Callback):
    """Saves what a validation has logged."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        self.path.write_text(json.dumps({name: float(value) for name, value in trainer.callback_metrics.items()}))


class FailAt(Callback):
    """Raises an error in one process when a step is done; others wait for it by then, or nearly."""

    def __init__(self, step: int, message: str, rank: int) -> None:
        self.step, self.message, self.rank = step, message, rank

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step and trainer.global_rank == self.rank:
            raise ImageReadError(self.message)


class FailInValidation(Callback):
    """Fails at the end of the validation after a step, as a metric might."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if trainer.global_step == self.step:
            raise RuntimeError("in a metric")


class RaiseAt(Callback):
    """Raises an error, given as Python has it, in one process after a step, as code that nobody looked at might."""

    def __init__(self, error: str, step: int = 1, rank: int = 0) -> None:
        self.error, self.step, self.rank = error, step, rank

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step and trainer.global_rank == self.rank:
            error = eval(self.error)
            raise error
