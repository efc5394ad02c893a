"""What callbacks that measure a model share: when they measure."""

from abc import ABC, abstractmethod

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback


class Measurement(Callback, ABC):
    """Measures a model at the end of every validation, short trials aside, and at the end of a test."""

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measures, and logs as ``val/...``."""
        if not trainer.sanity_checking and not trainer.fast_dev_run:  # type: ignore[attr-defined]  # Lightning's
            self._measure_without_gradients(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measures, and logs as ``test/...``."""
        self._measure_without_gradients(trainer, pl_module, "test")

    @torch.no_grad()
    def _measure_without_gradients(self, trainer: Trainer, pl_module: LightningModule, prefix: str) -> None:
        self.measure(trainer, pl_module, prefix)

    def description(self) -> str:
        """How it measures: figures of another description cannot be compared."""
        return type(self).__name__

    def validation_names(self) -> set[str] | None:
        """The names that it logs at a validation, such as ``val/fid``; None for names that are not known."""
        return None

    @abstractmethod
    def measure(self, trainer: Trainer, pl_module: LightningModule, prefix: str) -> None:
        """Measures, without gradients, and logs under ``prefix``: val or test."""
