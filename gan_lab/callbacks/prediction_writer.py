"""Predictions as image files, none kept in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from PIL import Image

from gan_lab.callbacks.sheet import batch_rows, draw_sheet, save_image
from gan_lab.errors import GanLabError


class PredictionWriter(BasePredictionWriter):
    """Writes each prediction under its input's or its seed's name, and a sheet of the first ones beside their folder.

    A module that predicts several images for one input gets a subfolder for each.

    Args:
        folder: Where to write; None for ``predictions`` in ``trainer.default_root_dir``.
        sheet_samples: Rows of the sheet, ``<folder>_sheet.png``, or images in its grid if each stands alone; 0 for
            none.
    """

    def __init__(self, folder: Path | None = None, sheet_samples: int = 16) -> None:
        super().__init__(write_interval="batch")
        self.folder = folder
        self.sheet_samples = sheet_samples
        self._rows: list[dict[str, Image.Image]] = []

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Settles the folder; refuses one whose pictures would be overwritten by their own translations."""
        self._folder = Path(self.folder or Path(trainer.default_root_dir) / "predictions")
        inputs = getattr(trainer.datamodule, "predict_folder", None)  # type: ignore[attr-defined]  # set by Lightning
        if inputs is not None and Path(inputs).resolve() == self._folder.resolve():
            raise GanLabError(
                f"predictions.folder and data.predict_folder are both {inputs}: the pictures would be lost"
            )

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Any,
        batch_indices: Sequence[int] | None,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        """Writes a batch's predictions."""
        made = [name for name in prediction if name not in batch]
        for row, file_name in zip(batch_rows(prediction), batch["name"], strict=True):
            for name in made:
                folder = self._folder if len(made) == 1 else self._folder / name
                save_image(row[name], folder / file_name)
            if trainer.is_global_zero and len(self._rows) < self.sheet_samples:
                self._rows.append(row)

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the sheet."""
        if not trainer.is_global_zero:
            return
        message = f"gan-lab: predictions are in {self._folder}"
        if self._rows:
            sheet = self._folder.with_name(f"{self._folder.name}_sheet.png")  # beside, or it could replace a prediction
            save_image(draw_sheet(self._rows), sheet)
            message += f", a sheet of the first {len(self._rows)} is {sheet}"
        print(message)
