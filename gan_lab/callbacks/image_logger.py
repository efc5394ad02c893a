"""A sheet of the same samples at every validation."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger
from PIL import Image

from gan_lab import ranges
from gan_lab.callbacks.output_files import OutputFiles, unless_read_only
from gan_lab.callbacks.run_directory import run_directory
from gan_lab.images.sheet import as_array, batch_rows, draw_sheet, save_image
from gan_lab.training.gan_module import GANModule


class ImageLogger(Callback):
    """Renders the first validation samples and shows them: as PNG files in the run's folder, and to W&B or TensorBoard.

    Of a model that makes its images of nothing but seeds it shows a grid of those of seeds 0, 1, 2 and so on.

    Args:
        num_rows: Rows of the sheet, or images in the grid.
    """

    def __init__(self, num_rows: ranges.Repeats = 8) -> None:
        ranges.require(ImageLogger, locals(), "ImageLogger")
        self.num_rows = num_rows
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
        if not trainer.is_global_zero or not isinstance(pl_module, GANModule):
            return
        while (wanted := self.num_rows - len(self._rows)) > 0:
            self._rows += batch_rows(pl_module.render(batch, len(self._rows)))[:wanted]
            if pl_module.sampler is None:
                break  # the next batch has the next samples; there are always more seeds

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the sheet and hands it to the loggers."""
        if not self._rows or trainer.sanity_checking or trainer.fast_dev_run:  # type: ignore[attr-defined]  # Lightning's
            return
        sheet = draw_sheet(self._rows)
        at = f"epoch={trainer.current_epoch:04d}-step={trainer.global_step:07d}"
        command = trainer.state.fn.value  # type: ignore[union-attr]  # known while it runs
        name = f"{at}.png" if command == "fit" else f"{command}.png"
        with unless_read_only(wanted=command == "fit"):
            save_image(sheet, OutputFiles(tuple).free(run_directory(trainer) / "images" / name))
        for logger in trainer.loggers:
            _log_sheet(logger, sheet, trainer.global_step)


def _log_sheet(logger: Logger, sheet: Image.Image, step: int) -> None:
    if isinstance(logger, WandbLogger):
        logger.log_image("val/samples", [sheet], step=step)
    elif isinstance(logger, TensorBoardLogger):
        logger.experiment.add_image("val/samples", as_array(sheet), step, dataformats="HWC")
