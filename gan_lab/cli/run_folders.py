"""The folder that a command's loggers write to: its own, whatever starts at the same moment."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lightning.pytorch import Trainer

from gan_lab.callbacks.csv_metrics import keep_rows
from gan_lab.callbacks.run_directory import claim_versions, keep_metrics, sweep_runs
from gan_lab.terminal import say


@contextmanager
def own_run_folders(trainer: Trainer) -> Iterator[None]:
    """Within it each logger that numbers its folders has a new one, which goes again if the block fails before writing.

    What killed runs of the experiment left half-written is removed; figures in a folder that the user chose are kept.
    """
    claimed = []
    if trainer.is_global_zero:
        claimed = claim_versions(trainer)
        sweep_runs(trainer)
        for path in keep_metrics(trainer):
            say(f"the figures logged there before are kept as {path}")
        keep_rows(trainer)
    try:
        yield
    except BaseException:
        for folder in claimed:
            with suppress(OSError):
                folder.rmdir()  # an empty one
        raise
    if trainer.is_global_zero:
        sweep_runs(trainer)  # what another machine had left too recently
