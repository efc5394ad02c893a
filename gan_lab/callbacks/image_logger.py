"""A sheet of the same samples at every validation."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger
from PIL import Image

from gan_lab.callbacks.run_directory import run_directory
from gan_lab.callbacks.sheet import as_array, batch_rows, draw_sheet, save_image
from gan_lab.modules import GANModule


class ImageLogger(Callback):
    """Renders the first validation samples and shows them: as PNG files in the run's folder, and to W&B or TensorBoard.

    Args:
        samples: Rows of the sheet.
    """

    def __init__(self, samples: int = 8) -> None:
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        self.samples = samples
        self._rows: list[dict[str, Image.Image]] = []

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begins a new sheet."""
        self._rows = []

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Renders as many samples as the sheet still wants."""
        if trainer.is_global_zero and len(self._rows) < self.samples and isinstance(pl_module, GANModule):
            self._rows += batch_rows(pl_module.render(batch))[: self.samples - len(self._rows)]

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the sheet and hands it to the loggers."""
        if not self._rows or trainer.sanity_checking or trainer.fast_dev_run:  # type: ignore[attr-defined]  # Lightning's
            return
        sheet = draw_sheet(self._rows)
        at = f"epoch={trainer.current_epoch:04d}-step={trainer.global_step:07d}"
        name = f"{at}.png" if trainer.state.fn == "fit" else f"{trainer.state.fn}.png"
        save_image(sheet, run_directory(trainer) / "images" / name)
        for logger in trainer.loggers:
            _log_sheet(logger, sheet, trainer.global_step)


def _log_sheet(logger: Logger, sheet: Image.Image, step: int) -> None:
    if isinstance(logger, WandbLogger):
        logger.log_image("val/samples", [sheet], step=step)
    elif isinstance(logger, TensorBoardLogger):
        logger.experiment.add_image("val/samples", as_array(sheet), step, dataformats="HWC")
