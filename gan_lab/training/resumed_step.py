"""What is left to do of the step that a checkpoint was saved after, and is done when a run goes on from it."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer

from gan_lab.training.lightning_private import (
    allow_steps,
    finish_step,
    is_fitting,
    settle_on_step,
    validation_is_due,
)


class ResumedStep:
    """A step whose checkpoint is written before its validation and before the end of its epoch."""

    def __init__(self) -> None:
        self._resumed = self._validation_due = False

    def save(self, module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keeps in a checkpoint whether a validation belongs to the step."""
        checkpoint["validation_due"] = is_fitting(module) and validation_is_due(module.trainer)
        settle_on_step(checkpoint["loops"])

    def load(self, module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Takes note of what a checkpoint is left to do, if a run goes on from it."""
        if is_fitting(module) and "loops" in checkpoint:
            settle_on_step(checkpoint["loops"])
            self._resumed, self._validation_due = True, checkpoint.get("validation_due", False)

    def allow(self, trainer: Trainer) -> None:
        """Has a run begin although it has no more step to make, where a validation is due."""
        if self._validation_due:
            allow_steps(trainer, 1)

    def forbid(self, trainer: Trainer) -> None:
        """Takes back what :meth:`allow` allowed, once the run has begun."""
        if self._validation_due:
            allow_steps(trainer, -1)

    def finish(self, trainer: Trainer) -> None:
        """Does the validation, and ends the epoch, that a checkpoint was saved before."""
        if self._resumed:
            batches = getattr(trainer.train_dataloader, "batches", None)  # of ours
            anew = batches is not None and batches.begins_anew
            if finish_step(trainer, self._validation_due, anew) and batches is not None:
                batches.rewind()
        self._resumed = self._validation_due = False
