"""How far a run is, where nobody watches a bar: in a file or a pipe."""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ProgressBar


class ProgressLines(ProgressBar):
    """Prints a line at the end of every epoch, and of a validation, a test or predictions by themselves.

    A bar is redrawn at every step, which a terminal shows in one place and a file keeps line by line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._enabled = True
        self._validated = False
        self._began = time.monotonic()

    def disable(self) -> None:
        """Prints nothing from here on, as in all processes but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Prints again."""
        self._enabled = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock, also for an epoch that a resumed run goes on with."""
        self._begin()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock anew."""
        self._begin()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says the epoch's last losses, and what it was validated to, if it was."""
        values = {
            name: value
            for name, value in trainer.progress_bar_metrics.items()
            if self._validated or not name.startswith("val/")
        }
        figures = "".join(f", {name} {float(value):.4g}" for name, value in values.items())
        self._say(f"Epoch {trainer.current_epoch}: step {trainer.global_step} after {self._elapsed()}{figures}")

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock, except within training."""
        if trainer.state.fn != "fit":
            self._begin()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Takes note of one within training, and says that another is done."""
        self._validated = True
        if trainer.state.fn != "fit":
            self._say(f"{self.validation_description}: done after {self._elapsed()}")

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self._begin()

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says that it is done."""
        self._say(f"{self.test_description}: done after {self._elapsed()}")

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self._begin()

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says that it is done."""
        self._say(f"{self.predict_description}: done after {self._elapsed()}")

    def _begin(self) -> None:
        self._began, self._validated = time.monotonic(), False

    def _elapsed(self) -> str:
        """Hours, minutes and seconds, as 0:01:12."""
        return str(timedelta(seconds=round(time.monotonic() - self._began)))

    def _say(self, line: str) -> None:
        if self._enabled:
            print(line, flush=True)


def lines_in_place_of_a_bar(callbacks: Sequence[Callback], trainer: Any) -> list[ProgressLines]:
    """What a run is to show how far it is with, in place of Lightning's bar.

    Args:
        callbacks: Those of the configuration; a bar among them is what was asked for.
        trainer: The configuration's settings of the trainer.

    Returns:
        Nothing where the standard output is a terminal, or no progress is to be shown.
    """
    shown = trainer.enable_progress_bar is not False and not trainer.barebones
    asked_for = any(isinstance(callback, ProgressBar) for callback in callbacks)
    return [ProgressLines()] if shown and not asked_for and not sys.stdout.isatty() else []
