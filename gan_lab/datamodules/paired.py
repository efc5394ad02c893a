"""What the datamodules of paired images share."""

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from gan_lab.datamodules.base import GANDataModule, require_croppable
from gan_lab.datasets.paired_images import Direction, PairedImages
from gan_lab.images.transforms import Jitter


class PairedDataModule(GANDataModule):
    """Pairs below one folder with the splits ``train``, ``val`` and, for ``gan-lab test``, ``test`` if there is one.

    Args:
        root: The folder with the splits.
        direction: Which side is the source; None for the usual one of the data set.
        image_size: Side of the training images in pixels; the model's ``image_size``.
        load_size: Side to which both images are scaled before a random crop to ``image_size`` (286 for 256 in the
            paper); the same as ``image_size`` for no crop.
        flip: Whether half the training pairs are mirrored; no if left and right mean something.
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation and test.
        num_workers: Processes that decode images; 0 decodes in the training process.
        cache: Whether to keep decoded training pairs in memory (6 x load_size x load_size bytes each).
        predict_folder: Pictures for ``predict``, of any size; without it ``predict`` takes the held-out sources.

    Raises:
        ConfigurationError: If ``load_size`` is below ``image_size``.
    """

    usual_direction: ClassVar[Direction] = "AtoB"

    def __init__(
        self,
        root: Path,
        direction: Direction | None = None,
        image_size: int = 256,
        load_size: int = 286,
        flip: bool = True,
        batch_size: int = 1,
        eval_batch_size: int = 1,
        num_workers: int = 2,
        cache: bool = False,
        predict_folder: Path | None = None,
    ) -> None:
        super().__init__(batch_size, eval_batch_size, num_workers, predict_folder)
        require_croppable(load_size, image_size)
        self.root = Path(root)
        self.direction: Direction = direction or self.usual_direction
        self.image_size = image_size
        self.load_size = load_size
        self.flip = flip
        self.cache = cache

    @abstractmethod
    def split(self, name: str, load_size: int, jitter: Jitter | None = None, cache: bool = False) -> PairedImages:
        """The pairs of one split."""

    def training_data(self) -> PairedImages:
        """Scaled, cropped and mirrored pairs."""
        return self.split("train", self.load_size, Jitter(self.image_size, self.flip), self.cache)

    def validation_data(self) -> PairedImages:
        """Pairs scaled to the training size."""
        return self.split("val", self.image_size)

    def test_data(self) -> PairedImages:
        """The same of ``test``, or of ``val`` where there is no ``test``."""
        return self.split("test" if (self.root / "test").is_dir() else "val", self.image_size)
