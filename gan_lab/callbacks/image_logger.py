"""A sheet of the same samples at every validation."""

from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger
from PIL import Image

from gan_lab.callbacks.run_directory import run_directory
from gan_lab.images.sheet import as_array, batch_rows, draw_sheet, save_image
from gan_lab.samples import RealSample
from gan_lab.training.gan_module import GANModule


class ImageLogger(Callback):
    """Renders the first validation samples and shows them: as PNG files in the run's folder, and to W&B or TensorBoard.

    Of a model that makes its images of nothing but seeds it shows a grid of those of seeds 0, 1, 2 and so on.

    Args:
        samples: Rows of the sheet, or images in the grid.
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
        if not trainer.is_global_zero or not isinstance(pl_module, GANModule):
            return
        while (wanted := self.samples - len(self._rows)) > 0:
            images = pl_module.render(_seeds_in_place_of(batch, len(self._rows), pl_module.device))
            self._rows += batch_rows(images)[:wanted]
            if not _is_to_learn_from(batch):
                break  # the next batch has the next samples

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the sheet and hands it to the loggers."""
        if not self._rows or trainer.sanity_checking or trainer.fast_dev_run:  # type: ignore[attr-defined]  # Lightning's
            return
        sheet = draw_sheet(self._rows)
        at = f"epoch={trainer.current_epoch:04d}-step={trainer.global_step:07d}"
        command = trainer.state.fn.value  # type: ignore[union-attr]  # known while it runs
        name = f"{at}.png" if command == "fit" else f"{command}.png"
        save_image(sheet, run_directory(trainer) / "images" / name)
        for logger in trainer.loggers:
            _log_sheet(logger, sheet, trainer.global_step)


def _seeds_in_place_of(batch: Any, first: int, device: torch.device) -> Any:
    """For images to learn from, which there is nothing to make of, as many seeds from ``first``."""
    if not _is_to_learn_from(batch):
        return batch
    seeds = range(first, first + len(batch["image"]))
    return {"seed": torch.tensor(seeds, device=device), "name": [str(seed) for seed in seeds]}


def _is_to_learn_from(batch: Any) -> bool:
    return bool(batch.keys() == RealSample.__annotations__.keys())


def _log_sheet(logger: Logger, sheet: Image.Image, step: int) -> None:
    if isinstance(logger, WandbLogger):
        logger.log_image("val/samples", [sheet], step=step)
    elif isinstance(logger, TensorBoardLogger):
        logger.experiment.add_image("val/samples", as_array(sheet), step, dataformats="HWC")
