"""The checkpoint to resume from."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from gan_lab import ranges
from gan_lab.callbacks.order import go_last
from gan_lab.callbacks.run_directory import run_directory
from gan_lab.stopping import Stopped


class LastCheckpoint(Checkpoint):
    """Keeps ``checkpoints/last.ckpt`` of a run up to date: what ``--ckpt_path last`` resumes from.

    It is saved before and after every validation, at the end of every epoch and of training, and when the run is told
    to stop (SIGTERM or Ctrl-C), after the step that is under way. A run resumed from one that was saved before a
    validation begins with that.

    Args:
        every_n_steps: Save also each time this many steps are done; 0 for no more than that.
    """

    def __init__(self, every_n_steps: ranges.NonNegativeInt = 0) -> None:
        ranges.require(LastCheckpoint, locals(), "LastCheckpoint")
        self.every_n_steps = every_n_steps
        self._saved_step = -1

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Goes last, so that the checkpoint holds what the others have noted."""
        go_last(self, trainer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves every so many steps; and after the last one, before Lightning counts its epoch as complete."""
        due = self.every_n_steps and trainer.global_step % self.every_n_steps == 0
        if due or trainer.global_step == trainer.max_steps or trainer.should_stop:
            self._save(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves before the validation, if the step is not saved yet."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking and self._saved_step != trainer.global_step:
            self._save(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves after a validation in the middle of an epoch."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking and not trainer.is_last_batch:
            self._save(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves at the end of every epoch that was not cut short."""
        if trainer.is_last_batch:
            self._save(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves at the end, if the last step is not saved yet."""
        if self._saved_step != trainer.global_step:
            self._save(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Saves when told to stop; not after an error, which may have left a half-done step or waiting processes."""
        if not isinstance(exception, Stopped):
            return
        if exception.in_order and trainer.training and self._saved_step != trainer.global_step:
            self._save(trainer)
        if trainer.state.fn == "fit" and self._saved_step < 0:
            exception.consequence = "this run has saved nothing yet"
        elif trainer.state.fn == "fit":
            exception.consequence = f"step {self._saved_step} is saved, --ckpt_path last goes on from there"

    def _save(self, trainer: Trainer) -> None:
        if trainer.fast_dev_run:  # type: ignore[attr-defined]  # Lightning sets it
            return
        trainer.save_checkpoint(run_directory(trainer) / "checkpoints" / "last.ckpt")
        self._saved_step = trainer.global_step
