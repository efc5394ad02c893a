"""Any folder of pictures, for growing networks."""

from collections.abc import Sequence
from pathlib import Path

from gan_lab.datamodules.growing import GrowingDataModule, Prediction
from gan_lab.datasets.images import ImageFile, images_below
from gan_lab.images.transforms import Box
from gan_lab.schedules import GrowingSchedule


class GrowingFolderDataModule(GrowingDataModule):
    """The images below one folder, also in subfolders, at the resolution that growing networks have reached.

    Args:
        root: The folder.
        schedule: How the networks grow; the model's ``schedule``.
        box: The part of every file that is the image: its left, top, right and bottom edge in pixels from the upper
            left corner, such as ``[128, 0, 256, 128]`` for the right half of a pair; None for all of it.
        flip: Whether half the training images are mirrored.
        held_out_share: About how much of the images, from 0 to below 1, is kept for validation. Which ones depends on
            nothing but their names and ``split_seed``. With 0 all are trained on, and validated on.
        split_seed: Chooses other ones.
        broken_share: The part of the files that may be broken; each such file is named once and left out. 0 ends
            training at the first one.
        store: A folder for the small resolutions of all training images, which are made when training first begins
            (65 kB an image up to 128 pixels); None for ``.gan-lab`` in ``root``.
        store_side: The largest resolution that is stored; larger ones are decoded each time. 0 for no store.
        steps_per_epoch: Steps after which an epoch ends, for checkpoints and validation.
        eval_batch_size: Samples a batch in validation, test and prediction.
        num_workers: Processes that decode images; 0 decodes in the training process.
        seeds: What ``predict`` makes images of, such as ``0-63`` or ``1,5,9-12``.
        predict: What it makes of them: ``seeds``, an image of each; ``mixing``, a grid of a row for each of them and a
            column for each of ``column_seeds``; ``interpolation``, a film along a closed path through all of them.
        column_seeds: The columns' seeds of ``mixing``.
        mixed_layers: The layers in which ``mixing`` takes the columns' styles: ``coarse`` (4 and 8 pixels), ``middle``
            (16 and 32), ``fine`` (from 64), or a range such as ``4-7``.
        frames: Frames of ``interpolation``.

    Raises:
        ConfigurationError: If these do not fit together.
    """

    def __init__(
        self,
        root: Path,
        schedule: GrowingSchedule,
        box: Box | None = None,
        flip: bool = True,
        held_out_share: float = 0.0,
        split_seed: int = 0,
        broken_share: float = 0.0,
        store: Path | None = None,
        store_side: int = 128,
        steps_per_epoch: int = 1000,
        eval_batch_size: int = 16,
        num_workers: int = 2,
        seeds: str | int = "0-63",
        predict: Prediction = "seeds",
        column_seeds: str | int | None = None,
        mixed_layers: str | int = "coarse",
        frames: int = 240,
    ) -> None:
        super().__init__(
            root,
            schedule,
            flip,
            held_out_share,
            split_seed,
            broken_share,
            store,
            store_side,
            steps_per_epoch,
            eval_batch_size,
            num_workers,
            seeds,
            predict,
            column_seeds,
            mixed_layers,
            frames,
        )
        self.box = box

    def find_images(self) -> Sequence[ImageFile]:
        """Every image below the folder."""
        found = images_below(self.data_set, self.root, "It should hold the pictures to learn from: correct data.root.")
        return [ImageFile(image.path, image.name, self.box) for image in found]
