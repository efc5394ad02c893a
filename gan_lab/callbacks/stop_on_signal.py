"""Ending a run in good order when it is told to."""

import math
import signal
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from gan_lab.callbacks.order import go_last
from gan_lab.stopping import SIGNALS, Stopped
from gan_lab.training.distributed import any_process, gather, is_distributed
from gan_lab.training.lightning_private import log_step


class StopOnSignal(Callback):
    """On SIGTERM or Ctrl-C ends training after the step under way, anything else where it is; a second Ctrl-C at once.

    Of several processes all end after the same step, or the same batch of an evaluation: a signal is only noted, and
    they compare notes. Lightning's own handler talks to the other processes from within the signal, wherever they are
    in a step; two that are averaging gradients then wait for each other for ever.
    """

    def __init__(self) -> None:
        self._began = False
        self._batches_of_all = 0.0
        self._compared = 0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Listens, if the command does not already; goes after the callbacks that have a part in the step."""
        go_last(self, trainer)
        self._began = SIGNALS.listen()
        if SIGNALS.received is not None:
            raise Stopped(SIGNALS.received)

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Takes the signals back from Lightning."""
        SIGNALS.listen()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Has signals wait for the end of a step from now on."""
        SIGNALS.listen()
        SIGNALS.noting = True

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops if any process was told to since the last step of the epoch before, which is saved."""
        if _any_told():
            raise Stopped(SIGNALS.received or signal.SIGTERM)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stops if any process was told to, once what the step logged is written."""
        if _any_told():
            log_step(trainer)
            raise Stopped(SIGNALS.received or signal.SIGTERM, in_order=True)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts the batches that all processes have; until other callbacks have begun, signals are noted."""
        SIGNALS.listen()
        self._batches_of_all, self._compared = min(gather(_batches(trainer))), 0

    on_test_start = on_predict_start = on_validation_start

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Has a process that is alone stop anywhere: an evaluation can be done again."""
        SIGNALS.noting = is_distributed()
        if _any_told():
            raise Stopped(SIGNALS.received or signal.SIGTERM)

    on_test_epoch_start = on_predict_epoch_start = on_validation_epoch_start

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Stops if any process was told to."""
        if self._compared < self._batches_of_all:
            self._compared += 1
            if _any_told():
                raise Stopped(SIGNALS.received or signal.SIGTERM)

    on_test_batch_end = on_predict_batch_end = on_validation_batch_end

    def on_predict_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compares notes as often as the others: of batches that cannot be decoded nothing was predicted."""
        while is_distributed() and self._compared < self._batches_of_all < math.inf:
            self._compared += 1
            if _any_told():
                raise Stopped(SIGNALS.received or signal.SIGTERM)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Has signals wait again where training goes on."""
        SIGNALS.noting = SIGNALS.noting or (trainer.state.fn == "fit" and not trainer.sanity_checking)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Tells the processes that this one started; ends the workers of training, which Lightning forgets."""
        if isinstance(exception, Stopped) and trainer.strategy.launcher is not None:
            trainer.strategy.launcher.kill(signal.SIGTERM)
        if isinstance(exception, Stopped) and trainer.validating:
            trainer.fit_loop.teardown()
        self._end()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Listens no more."""
        self._end()

    def _end(self) -> None:
        if self._began:
            SIGNALS.release()
            self._began = False


def _any_told() -> bool:
    """Whether any process was told to stop; all must ask."""
    return any_process(SIGNALS.received is not None)


def _batches(trainer: Trainer) -> float:
    """How many batches this process has to evaluate."""
    if trainer.testing:
        return sum(map(float, trainer.num_test_batches))
    return sum(map(float, trainer.num_predict_batches if trainer.predicting else trainer.num_val_batches))
