"""Any two folders."""

from pathlib import Path
from typing import Any

from gan_lab.datamodules.translation import TranslationDataModule
from gan_lab.datasets import ImageFolder, UnpairedImages
from gan_lab.datasets.images import images_below
from gan_lab.errors import ConfigurationError
from gan_lab.images.transforms import Jitter


class UnpairedFolderDataModule(TranslationDataModule):
    """Images of two kinds without pairs: CycleGAN's layout, or any two folders.

    ``root`` holds ``trainA``, ``trainB``, ``testA`` and ``testB``, the test folders being the held-out images; or
    ``folder_a`` and ``folder_b`` name the training images, and ``held_out_a`` and ``held_out_b`` the others. Neither is
    a ConfigurationError.

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
        if root is not None:
            root = Path(root)
            folder_a, folder_b = folder_a or root / "trainA", folder_b or root / "trainB"
            held_out_a, held_out_b = held_out_a or root / "testA", held_out_b or root / "testB"
        if folder_a is None or folder_b is None:
            raise ConfigurationError("give data.root, or both data.folder_a and data.folder_b")
        self.root = Path(root or folder_a)
        self.folder_a, self.folder_b = Path(folder_a), Path(folder_b)
        self.held_out_a, self.held_out_b = Path(held_out_a or folder_a), Path(held_out_b or folder_b)

    def split(self, name: str, load_size: int, jitter: Jitter | None = None) -> UnpairedImages:
        """Images of both kinds, to train on or held out; jittered ones are each in an order of their own."""
        folders = (self.folder_a, self.folder_b) if name == "train" else (self.held_out_a, self.held_out_b)
        remedy = "It should hold the images of one kind: correct data.root, or data.folder_a and data.folder_b."
        a, b = (images_below("UnpairedImages", folder, remedy) for folder in folders)
        return UnpairedImages(a, b, load_size, jitter)

    def prediction_data(self) -> ImageFolder:
        """Single pictures, whichever way the model translates them."""
        return ImageFolder(self.predict_folder or self.held_out_a)
