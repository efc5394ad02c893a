"""Advice of Lightning that does not apply here, and the terminal's orders in what it and others say."""

import logging
import warnings
from typing import Any

from gan_lab.terminal import printable

_format_warning = warnings.formatwarning  # Lightning's
_NO_NEWS = (
    "litlogger",
    "TPU available",
    "`weights_only` was not",
    "from the checkpoint",  # the command has said which one, and what it changes about it
)


def silence_advice() -> None:
    """Silences advice that does not apply here, and has messages and warnings be printable."""
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
    warnings.formatwarning = _printable_warning
    for name in ("lightning.pytorch", "lightning.fabric"):
        for handler in logging.getLogger(name).handlers:
            handler.addFilter(_is_news)


def silence_missing_callbacks() -> None:
    """Silences Lightning's warning that callbacks of training are missing, where they are left out on purpose."""
    warnings.filterwarnings("ignore", message=".*callbacks used to create the checkpoint need to be provided.*")


def _printable_warning(*args: Any, **kwargs: Any) -> str:
    return printable(_format_warning(*args, **kwargs))


def _is_news(record: logging.LogRecord) -> bool:
    record.msg, record.args = printable(record.getMessage()), ()
    return not any(phrase in record.getMessage() for phrase in _NO_NEWS)
