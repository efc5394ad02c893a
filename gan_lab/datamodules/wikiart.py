"""WikiArt."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from gan_lab.datamodules.unconditional import UnconditionalDataModule
from gan_lab.datasets import wikiart
from gan_lab.datasets.images import ImageFile


class WikiArtDataModule(UnconditionalDataModule):
    """Paintings of WikiArt, of all styles or of some.

    Args:
        root: The folder of the styles' folders (or genres'), at any depth.
        styles: Names of their folders, such as ``Impressionism``; null for all.
        artists: What files' names begin with, such as ``claude-monet``; null for all. With both, who painted so.
        image_size: Side of the images in pixels; the model's ``image_size``.
        flip: Whether half the training images are mirrored.
        held_out_share: About how much of the images, from 0 to below 1, is kept for validation. Which ones depends on
            nothing but their names and ``split_seed``. With 0 all are trained on, and validated on.
        split_seed: Chooses other ones.
        broken_share: The part of the files that may be broken; each such file is named and left out. 0 ends
            training at the first one.
        cache: Whether to keep decoded training images in memory (3 x image_size x image_size bytes each).
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation, test and prediction.
        num_workers: Processes that decode images; 0 decodes in the training process.
        seeds: What ``predict`` makes images of, such as ``0-63`` or ``1,5,9-12``.

    Raises:
        ConfigurationError: If a share is out of range, or ``seeds`` are none.
    """

    data_set: ClassVar[str] = wikiart.NAME

    def __init__(
        self,
        root: Path,
        styles: Sequence[str] | None = None,
        artists: Sequence[str] | None = None,
        image_size: int = 64,
        flip: bool = False,
        held_out_share: float = 0.05,
        split_seed: int = 0,
        broken_share: float = 0.01,
        cache: bool = False,
        batch_size: int = 128,
        eval_batch_size: int = 64,
        num_workers: int = 2,
        seeds: str | int = "0-63",
    ) -> None:
        super().__init__(
            root,
            image_size,
            flip,
            held_out_share,
            split_seed,
            broken_share,
            cache,
            batch_size,
            eval_batch_size,
            num_workers,
            seeds,
        )
        self.styles = styles
        self.artists = artists

    def find_images(self) -> list[ImageFile]:
        """The paintings chosen."""
        return wikiart.find_paintings(self.root, self.styles, self.artists)
