"""The names of Lightning that are not public and have no public way around them.

``pyproject.toml`` bounds Lightning's version by this file, and ``tests/test_lightning_private.py`` fails where a
release moves one.
"""

import traceback

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
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
