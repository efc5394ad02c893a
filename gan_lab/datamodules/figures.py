"""Drawn people."""

from typing import Any, ClassVar

from gan_lab import ranges
from gan_lab.datamodules.pose import PoseDataModule
from gan_lab.datasets import Figures


class FiguresDataModule(PoseDataModule):
    """Articulated figures before textured backgrounds, drawn as they are needed: no file is read. 14 joints, as LSP.

    Args:
        train_count: Figures to train on.
        val_count: Figures to validate and test on; none of them is trained on.
        figures_seed: Chooses other figures.
        **kwargs: As of :class:`PoseDataModule`.
    """

    skeleton: ClassVar[str] = "figures"

    def __init__(
        self,
        train_count: ranges.Items = 10_000,
        val_count: ranges.Items = 500,
        figures_seed: ranges.NonNegativeInt = 0,
        image_size: ranges.Pixels = 128,
        **kwargs: Any,
    ) -> None:
        ranges.require(FiguresDataModule, locals(), "data")
        super().__init__(image_size=image_size, **kwargs)
        self.train_count, self.val_count, self.figures_seed = train_count, val_count, figures_seed

    def training_data(self) -> Figures:
        """Figures to train on, scaled, rotated, mirrored and recolored at random."""
        return Figures(range(self.train_count), self.figures_seed, self.image_size, self.jitter)

    def validation_data(self) -> Figures:
        """Other figures, cropped to their windows."""
        held_out = range(self.train_count, self.train_count + self.val_count)
        return Figures(held_out, self.figures_seed, self.image_size)
