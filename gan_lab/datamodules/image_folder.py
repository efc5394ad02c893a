"""Any folder of pictures, to learn the like of."""

from pathlib import Path

from gan_lab.datamodules.unconditional import UnconditionalDataModule
from gan_lab.datasets.images import ImageFile, images_below
from gan_lab.images.transforms import Box


class ImageFolderDataModule(UnconditionalDataModule):
    """The images below one folder, also in subfolders.

    Args:
        root: The folder.
        box: The part of every file that is the image: its left, top, right and bottom edge in pixels from the upper
            left corner, such as ``[128, 0, 256, 128]`` for the right half of a pair; None for all of it.
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

    def __init__(
        self,
        root: Path,
        box: Box | None = None,
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
        self.box = box

    def find_images(self) -> list[ImageFile]:
        """Every image below the folder."""
        remedy = "It should hold the pictures to learn from: correct data.root."
        found = images_below(self.data_set, self.root, remedy)
        return [ImageFile(image.path, image.name, self.box) for image in found]
