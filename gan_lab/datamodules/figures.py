"""Drawn people."""

from pathlib import Path
from typing import ClassVar

from gan_lab.datamodules.pose import PoseDataModule
from gan_lab.datasets import Figures
from gan_lab.errors import ConfigurationError


class FiguresDataModule(PoseDataModule):
    """Articulated figures before textured backgrounds, drawn as they are needed: no file is read. 14 joints, as LSP.

    Args:
        train_count: Figures to train on.
        val_count: Figures to validate and test on; none of them is trained on.
        figures_seed: Chooses other figures.
        image_size: Side of the crops in pixels, a multiple of 4 x 2^depth of the model's.
        scale: Smallest and largest factor of a training crop's window; above 1 the person becomes smaller.
        rotation: Training crops are rotated by up to so many degrees either way.
        flip: Whether half the training crops are mirrored, left and right joints changing places.
        color_gain: Each colour channel of a training crop is multiplied by a number up to so much above or below 1.
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation and test.
        num_workers: Processes that draw; 0 draws in the training process.
        predict_folder: Pictures of any size, or a video file, for ``predict``; without it ``predict`` takes the figures
            held out.
        boxes: Where the people are in those pictures: a ``.json`` file of COCO's format, ``images`` and
            ``annotations`` with ``bbox``, those of the category ``person`` if there is one; or a ``.csv`` file of
            ``image,left,top,right,bottom``. None for one person that fills each picture.
        box_margin: Side of the window about a box, relative to the box's longer side.

    Raises:
        ConfigurationError: As :class:`PoseDataModule`, or if there would be no figure.
    """

    skeleton: ClassVar[str] = "figures"

    def __init__(
        self,
        train_count: int = 10_000,
        val_count: int = 500,
        figures_seed: int = 0,
        image_size: int = 128,
        scale: tuple[float, float] = (0.75, 1.25),
        rotation: float = 30.0,
        flip: bool = True,
        color_gain: float = 0.2,
        batch_size: int = 6,
        eval_batch_size: int = 8,
        num_workers: int = 2,
        predict_folder: Path | None = None,
        boxes: Path | None = None,
        box_margin: float = 1.25,
    ) -> None:
        super().__init__(
            image_size,
            scale,
            rotation,
            flip,
            color_gain,
            batch_size,
            eval_batch_size,
            num_workers,
            predict_folder,
            boxes,
            box_margin,
        )
        if train_count < 1 or val_count < 1:
            raise ConfigurationError(
                f"data.train_count and data.val_count must be at least 1, got {train_count} and {val_count}"
            )
        if figures_seed < 0:
            raise ConfigurationError(f"data.figures_seed must not be negative, got {figures_seed}")
        self.train_count = train_count
        self.val_count = val_count
        self.figures_seed = figures_seed

    def training_data(self) -> Figures:
        """Figures to train on, scaled, rotated, mirrored and recoloured at random."""
        return Figures(range(self.train_count), self.figures_seed, self.image_size, self.jitter)

    def validation_data(self) -> Figures:
        """Other figures, cropped to their windows."""
        held_out = range(self.train_count, self.train_count + self.val_count)
        return Figures(held_out, self.figures_seed, self.image_size)
