"""The order in which callbacks are called."""

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback


def go_last(callback: Callback, trainer: Trainer) -> None:
    """Has the hooks after the present one call a callback after all others."""
    others = [other for other in trainer.callbacks if other is not callback]  # type: ignore[attr-defined]  # Lightning's
    trainer.callbacks = [*others, callback]  # type: ignore[attr-defined]
