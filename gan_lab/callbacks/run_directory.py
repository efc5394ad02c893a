"""Where a run keeps its files."""

from pathlib import Path

from lightning.pytorch import Trainer


def run_directory(trainer: Trainer) -> Path:
    """The folder of this run: ``checkpoints/``, ``images/``, ``config.yaml`` and the first logger's files lie in it.

    It is the one that Lightning's ModelCheckpoint chooses; right on the process with global rank 0, which writes.
    """
    logger = trainer.logger
    if logger is None:
        return Path(trainer.default_root_dir)
    version = logger.version if isinstance(logger.version, str) else f"version_{logger.version}"
    return Path(logger.save_dir or trainer.default_root_dir) / str(logger.name) / version
