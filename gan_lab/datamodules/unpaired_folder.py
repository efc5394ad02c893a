"""Any two folders."""

from pathlib import Path

from gan_lab.datamodules.base import GANDataModule, require_croppable
from gan_lab.datasets import ImageFolder, UnpairedImages
from gan_lab.datasets.images import images_below
from gan_lab.errors import ConfigurationError
from gan_lab.images.transforms import Jitter


class UnpairedFolderDataModule(GANDataModule):
    """Images of two kinds without pairs: CycleGAN's layout, or any two folders.

    ``root`` holds ``trainA``, ``trainB``, ``testA`` and ``testB``, the test folders being the held-out images; or
    ``folder_a`` and ``folder_b`` name the training images, and ``held_out_a`` and ``held_out_b`` the others.

    Args:
        root: The folder of CycleGAN's layout.
        folder_a: Training images of kind A, in place of ``root``.
        folder_b: Training images of kind B, in place of ``root``.
        held_out_a: Images of kind A for validation; the training ones where there are no others.
        held_out_b: Images of kind B for validation; the training ones where there are no others.
        image_size: Side of the training images in pixels; the model's ``image_size``.
        load_size: Side to which images are scaled before a random crop to ``image_size`` (286 for 256 in the paper).
        flip: Whether half the training images are mirrored.
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation and test.
        num_workers: Processes that decode images; 0 decodes in the training process.
        predict_folder: Pictures for ``predict``, of any size; without it ``predict`` takes the held-out images of A.

    Raises:
        ConfigurationError: If neither ``root`` nor both folders are given, or ``load_size`` is below ``image_size``.
    """

    def __init__(
        self,
        root: Path | None = None,
        folder_a: Path | None = None,
        folder_b: Path | None = None,
        held_out_a: Path | None = None,
        held_out_b: Path | None = None,
        image_size: int = 256,
        load_size: int = 286,
        flip: bool = True,
        batch_size: int = 1,
        eval_batch_size: int = 1,
        num_workers: int = 2,
        predict_folder: Path | None = None,
    ) -> None:
        super().__init__(batch_size, eval_batch_size, num_workers, predict_folder)
        require_croppable(load_size, image_size)
        if root is not None:
            root = Path(root)
            folder_a, folder_b, held_out_a, held_out_b = (
                given or root / usual
                for given, usual in (
                    (folder_a, "trainA"),
                    (folder_b, "trainB"),
                    (held_out_a, "testA"),
                    (held_out_b, "testB"),
                )
            )
        if folder_a is None or folder_b is None:
            raise ConfigurationError("give data.root, or both data.folder_a and data.folder_b")
        self.folder_a, self.folder_b = Path(folder_a), Path(folder_b)
        self.held_out_a, self.held_out_b = Path(held_out_a or folder_a), Path(held_out_b or folder_b)
        self.image_size = image_size
        self.load_size = load_size
        self.flip = flip

    def training_data(self) -> UnpairedImages:
        """Scaled, cropped and mirrored images, each kind in an order of its own."""
        return self._images(self.folder_a, self.folder_b, self.load_size, Jitter(self.image_size, self.flip))

    def validation_data(self) -> UnpairedImages:
        """Held-out images scaled to the training size."""
        return self._images(self.held_out_a, self.held_out_b, self.image_size)

    def prediction_data(self) -> ImageFolder:
        """Single pictures, whichever way the model translates them."""
        return ImageFolder(self.predict_folder or self.held_out_a)

    def _images(self, folder_a: Path, folder_b: Path, size: int, jitter: Jitter | None = None) -> UnpairedImages:
        remedy = "It should hold the images of one kind: correct data.root, or data.folder_a and data.folder_b."
        a, b = (images_below("UnpairedImages", folder, remedy) for folder in (folder_a, folder_b))
        return UnpairedImages(a, b, size, jitter)
