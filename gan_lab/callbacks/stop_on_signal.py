"""Ending a run in good order when it is told to."""

import signal
import threading
from types import FrameType
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.exceptions import SIGTERMException

from gan_lab.training.distributed import any_process


class StopOnSignal(Callback):
    """On SIGTERM or Ctrl-C ends training after the step under way, on all processes at the same step.

    Lightning's own handler talks to the other processes from within the signal, wherever they are in a step; two
    processes that are averaging gradients then wait for each other for ever. Here a signal only leaves a note, and the
    processes compare notes after every step. A second Ctrl-C stops at once.

    Attributes:
        received: The last signal received, if any.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listens."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._previous[number] = signal.signal(number, self._note)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stops if any process was told to."""
        if any_process(self.received is not None):
            raise SIGTERMException

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Listens no more."""
        while self._previous:
            signal.signal(*self._previous.popitem())

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.received == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)
