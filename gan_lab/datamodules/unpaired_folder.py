"""Any two folders."""

from pathlib import Path
from typing import Any

from gan_lab.datamodules.translation import TranslationDataModule
from gan_lab.datasets import ImageFolder, UnpairedImages
from gan_lab.datasets.unpaired_images import find_kinds
from gan_lab.images.transforms import Jitter


class UnpairedFolderDataModule(TranslationDataModule):
    """Images of two kinds without pairs: CycleGAN's layout, or any two folders.

    ``root`` holds ``trainA``, ``trainB``, ``testA`` and ``testB``, the test folders being the held-out images; or
    ``folder_a`` and ``folder_b`` name the training images, and ``held_out_a`` and ``held_out_b`` the others.

    Args:
        root: The folder of CycleGAN's layout.
        folder_a: Training images of domain A, in place of ``root``.
        folder_b: Training images of domain B, in place of ``root``.
        held_out_a: Images of domain A for validation; the training ones where there are no others. ``predict`` takes
            them where it is given no ``predict_folder``.
        held_out_b: Images of domain B for validation; the training ones where there are no others.
        **kwargs: As of :class:`TranslationDataModule`.
    """

    def __init__(
        self,
        root: Path | None = None,
        folder_a: Path | None = None,
        folder_b: Path | None = None,
        held_out_a: Path | None = None,
        held_out_b: Path | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.train_folders, self.val_folders = find_kinds(root, (folder_a, folder_b), (held_out_a, held_out_b))
        self.root = Path(root or self.train_folders[0])

    def split(self, name: str, load_size: int, jitter: Jitter | None = None) -> UnpairedImages:
        """Images of both kinds, to train on or held out; jittered ones are each in an order of their own."""
        folders = self.train_folders if name == "train" else self.val_folders
        return UnpairedImages.below(folders, load_size, jitter, self.white_level)

    def prediction_data(self) -> ImageFolder:
        """Single pictures, whichever way the model translates them."""
        return ImageFolder(self.predict_folder or self.val_folders[0], self.white_level, self.output_folder)
