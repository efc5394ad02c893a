"""Training without the command: a few batches, no files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import LambdaCallback
from torch.utils.data import DataLoader


def train(
    module: LightningModule,
    batches: list[Any],
    validation: list[Any] | None = None,
    on_train_batch_end: Callable[..., Any] | None = None,
    ckpt_path: Path | None = None,
    **settings: Any,
) -> Trainer:
    """Trains on the given batches, in order, perhaps from a checkpoint, and returns the trainer."""
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[LambdaCallback(on_train_batch_end=on_train_batch_end)],
        **{"max_epochs": 1, "logger": False, **settings},
    )
    loaders = [None if found is None else DataLoader(found, batch_size=None) for found in (batches, validation)]
    trainer.fit(module, *loaders, ckpt_path=ckpt_path)
    return trainer
