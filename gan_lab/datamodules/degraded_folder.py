"""Any photographs, to be restored from what is left of them."""

from pathlib import Path

from gan_lab.datamodules.base import GANDataModule, require_croppable
from gan_lab.datasets import DegradedImages
from gan_lab.datasets.images import images_below
from gan_lab.images.degradations import Degradation
from gan_lab.images.transforms import Jitter


class DegradedFolderDataModule(GANDataModule):
    """Photographs, each the target of a source that is made from it: its edges, its greys, itself with a hole.

    ``root`` holds ``train``, ``val`` and, for ``gan-lab test``, ``test`` if there is one.

    Args:
        root: The folder with the splits.
        degradation: What makes the source: ``Edges``, ``Gray``, ``CentralHole``, ``RandomHole``, or your own class.
        image_size: Side of the training images in pixels; the model's ``image_size``.
        load_size: Side to which photographs are scaled before a random crop to ``image_size`` (286 for 256 in the
            paper); the same as ``image_size`` for no crop.
        flip: Whether half the training photographs are mirrored.
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation and test.
        num_workers: Processes that decode images; 0 decodes in the training process.
        predict_folder: Pictures for ``predict``, of any size, taken as they are: drawings, grey pictures, pictures
            with holes. Without it ``predict`` takes the held-out photographs, degraded.

    Raises:
        ConfigurationError: If ``load_size`` is below ``image_size``.
    """

    def __init__(
        self,
        root: Path,
        degradation: Degradation,
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
        self.root = Path(root)
        self.degradation = degradation
        self.image_size = image_size
        self.load_size = load_size
        self.flip = flip

    def training_data(self) -> DegradedImages:
        """Scaled, cropped, mirrored and then degraded photographs."""
        return self._split("train", self.load_size, Jitter(self.image_size, self.flip))

    def validation_data(self) -> DegradedImages:
        """Photographs scaled to the training size and degraded, the same way every time."""
        return self._split("val", self.image_size)

    def test_data(self) -> DegradedImages:
        """The same of ``test``, or of ``val`` where there is no ``test``."""
        return self._split("test" if (self.root / "test").is_dir() else "val", self.image_size)

    def _split(self, name: str, load_size: int, jitter: Jitter | None = None) -> DegradedImages:
        images = images_below("photographs", self.root / name, "Photographs belong there: correct data.root.")
        return DegradedImages(images, self.degradation, load_size, jitter)
