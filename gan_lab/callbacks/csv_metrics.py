"""``metrics.csv`` that a full disk does not cost what it had."""

import csv
import os
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter

from gan_lab.files import atomic_write
from gan_lab.training.lightning_private import set_writer


class MetricsWriter(ExperimentWriter):
    """Lightning's writer, which empties the file to write it anew with more columns, and names no file in its errors.

    Args:
        log_dir: The folder of the file.
    """

    def log_hparams(self, params: dict[str, Any]) -> None:
        """As Lightning's; an error names the file."""
        try:
            super().log_hparams(params)
        except OSError as error:
            error.filename = error.filename or str(Path(self.log_dir, self.NAME_HPARAMS_FILE))
            raise

    def save(self) -> None:
        """Adds the rows since the last call: the whole file anew, whole or not at all, if they have other columns.

        Raises:
            OSError: If it cannot be written; it names the file.
        """
        if not self.metrics:
            return
        path, known = Path(self.metrics_file_path), list(self.metrics_keys)
        self.metrics_keys = sorted({*known, *(key for row in self.metrics for key in row)})
        if known == self.metrics_keys and path.is_file():
            self._append(path)
        else:
            rows = _rows(path) if path.is_file() else []
            with atomic_write(path) as partial, partial.open("w", newline="") as file:
                writer = csv.DictWriter(file, self.metrics_keys)
                writer.writeheader()
                writer.writerows([*rows, *self.metrics])
        self.metrics = []

    def _append(self, path: Path) -> None:
        length = path.stat().st_size
        try:
            with path.open("a", newline="") as file:
                csv.DictWriter(file, self.metrics_keys).writerows(self.metrics)
        except OSError as error:
            os.truncate(path, length)  # half a row is none
            error.filename = error.filename or str(path)
            raise


def keep_rows(trainer: Trainer) -> None:
    """Has the CSV loggers of a trainer, which have written nothing yet, write by :class:`MetricsWriter`.

    For the process with global rank 0, once the loggers' folders are settled and older figures are out of the way.
    """
    for logger in trainer.loggers:
        if isinstance(logger, CSVLogger) and "://" not in logger.root_dir:
            set_writer(logger, MetricsWriter(logger.log_dir))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
