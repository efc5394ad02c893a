"""The names of Lightning that are not public and have no public way around them.

``pyproject.toml`` bounds Lightning's version by this file, and ``tests/test_lightning_private.py`` fails where a
release moves one.
"""

import threading
import traceback
from typing import Any

from lightning.fabric.strategies.launchers.subprocess_script import _ChildProcessObserver
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.strategies import DDPStrategy, Strategy
from lightning.pytorch.trainer.connectors import checkpoint_connector


def count_step(trainer: Trainer) -> None:
    """Counts one global step.

    ``trainer.global_step`` reads this progress, which Lightning moves at every step of any optimizer: a GAN's batch
    would be two. Optimizers are stepped through the strategy, which does not count, and the batch is counted here.
    """
    progress = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
    progress.increment_ready()
    progress.increment_completed()


def version_asked_for(logger: CSVLogger | TensorBoardLogger) -> int | str | None:
    """The version that a logger was made with; None if it is to find one, which ``logger.version`` would do."""
    return logger._version


def set_version(logger: CSVLogger | TensorBoardLogger, version: int | str) -> None:
    """Gives a logger, which has written nothing yet, its version."""
    logger._version = version


def raised_while_restoring(error: BaseException) -> bool:
    """Whether an error came up while a trainer took over the parts of a checkpoint."""
    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    home = checkpoint_connector.__file__
    return any(
        code.co_filename == home and code.co_name.lstrip("_").startswith(("restore", "resume")) for code in frames
    )


def stop_killing_for_children() -> None:
    """Keeps Lightning from killing the process of rank 0 (SIGKILL, without a word) when one that it started fails."""
    for thread in threading.enumerate():
        if isinstance(thread, _ChildProcessObserver):
            thread._child_processes = []


def shares_out_samples(trainer: Trainer) -> bool:
    """Whether Lightning replaces samplers by ones that give every process a share."""
    return bool(trainer._accelerator_connector.use_distributed_sampler)


def synchronizes_batch_norm(trainer: Trainer) -> bool:
    """Whether batch norm is to take its statistics over all processes."""
    return getattr(trainer.strategy, "_layer_sync", None) is not None


def settings_of_ddp(strategy: DDPStrategy) -> dict[str, Any]:
    """The options of DDP that were given, of those that are about gradients."""
    of_lightning = {
        "ddp_comm_hook": strategy._ddp_comm_hook,
        "model_averaging_period": strategy._model_averaging_period,
    }
    return {name: value for name, value in (of_lightning | strategy._ddp_kwargs).items() if value}


def start_method_of(strategy: Strategy) -> str:
    """How a strategy starts its processes: ``popen`` for commands of their own."""
    return strategy._start_method if isinstance(strategy, DDPStrategy) else "popen"
