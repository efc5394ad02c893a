"""Advice of Lightning that does not apply here."""

import logging
import warnings


def silence_advice() -> None:
    """Silences advice that does not apply here."""
    for message in (
        ".*does not have many workers.*",
        ".*Consider setting `persistent_workers.*",
        ".*log_every_n_steps.*",
        ".*The dirpath has changed from.*",  # BestOfHistory lets it know the best all the same
        ".*no pre-optimization state was saved.*",  # a checkpoint after the step is what is wanted
        ".*Starting from v1.9.0, `tensorboardX`.*",
        ".*Previous log files in this directory will be deleted.*",  # they are kept: see keep_metrics
        ".*isinstance.treespec, LeafSpec.*",
        ".*LightningCLI's args parameter is intended to run.*",
    ):
        warnings.filterwarnings("ignore", message=message)
    for handler in logging.getLogger("lightning.pytorch").handlers:
        handler.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not any(phrase in record.getMessage() for phrase in ("litlogger", "TPU available", "`weights_only` was not"))
