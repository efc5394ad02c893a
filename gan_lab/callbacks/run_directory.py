"""Where a run keeps its files."""

from itertools import count
from pathlib import Path

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from gan_lab.files import sweep
from gan_lab.training.lightning_private import set_version, version_asked_for


def run_directory(trainer: Trainer) -> Path:
    """The folder of this run: ``checkpoints/``, ``images/``, ``config.yaml`` and the first logger's files lie in it.

    It is the one that Lightning's ModelCheckpoint chooses.
    """
    logger = trainer.logger
    if logger is None:
        return Path(trainer.default_root_dir)
    version = logger.version if isinstance(logger.version, str) else f"version_{logger.version}"
    return Path(logger.save_dir or trainer.default_root_dir) / str(logger.name) / version


def claim_versions(trainer: Trainer) -> list[Path]:
    """Makes a new ``version_N`` for each logger that is to find one; of runs that start together each gets its own.

    Lightning looks for the next number and makes its folder later. W&B's folders are named at random. For the process
    with global rank 0, before training starts: see :func:`share_versions`.

    Returns:
        The folders.
    """
    return [_claim(logger) for logger in _versioned(trainer) if version_asked_for(logger) is None]


def share_versions(trainer: Trainer) -> None:
    """Gives the loggers of all processes the versions of the first one's; all processes must call it."""
    for logger in _versioned(trainer):
        set_version(logger, trainer.strategy.broadcast(logger.version))


def keep_metrics(trainer: Trainer) -> list[Path]:
    """Moves each ``metrics.csv`` aside that is about to be deleted: Lightning's CSV logger begins a new one.

    Returns:
        Their new paths, ``metrics_1.csv`` and so on beside the old ones.
    """
    kept = []
    for logger in trainer.loggers:
        if isinstance(logger, CSVLogger) and (old := Path(logger.log_dir, "metrics.csv")).is_file():
            names = (old.with_name(f"metrics_{number}.csv") for number in count(1))
            kept.append(old.rename(next(path for path in names if not path.exists())))
    return kept


def sweep_runs(trainer: Trainer) -> None:
    """Removes what killed runs of this experiment were writing, checkpoints above all."""
    root = Path(trainer.default_root_dir)
    runs = root if trainer.logger is None else run_directory(trainer).parent
    for run in {root, *runs.glob("version_*"), *(folder.parent for folder in runs.glob("*/checkpoints"))}:
        for folder in (run, run / "checkpoints", run / "images"):
            sweep(folder)


def _versioned(trainer: Trainer) -> list[CSVLogger | TensorBoardLogger]:
    """The loggers that number their folders on this machine's file systems."""
    found = [logger for logger in trainer.loggers if isinstance(logger, CSVLogger | TensorBoardLogger)]
    return [logger for logger in found if "://" not in logger.root_dir]


def _claim(logger: CSVLogger | TensorBoardLogger) -> Path:
    root = Path(logger.root_dir)
    root.mkdir(parents=True, exist_ok=True)
    number = int(logger.version)
    while True:
        folder = root / f"version_{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
            continue
        set_version(logger, number)
        return folder
