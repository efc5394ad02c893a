"""Any photographs, to be restored from what is left of them."""

from pathlib import Path
from typing import Any

from gan_lab.datamodules.translation import TranslationDataModule
from gan_lab.datasets import DegradedImages
from gan_lab.images.dabs import Dabs
from gan_lab.images.degradations import Degradation
from gan_lab.images.transforms import Jitter


class DegradedFolderDataModule(TranslationDataModule):
    """Photographs, each the target of a source that is made from it: its edges, its grays, itself with a hole.

    ``root`` holds ``train``, ``val`` and, for ``gan-lab test``, ``test`` if there is one.

    Args:
        root: The folder with the splits.
        degradation: What makes the source: ``Edges``, ``Gray``, ``CentralHole``, ``RandomHole``, or your own class.
        predict_folder: Pictures for ``predict``, of any size, taken as they are: drawings, gray pictures, pictures
            with holes. Without it ``predict`` takes the held-out photographs, degraded.
        dabs: Dabs of the photograph's colors on the source; None for none.
        **kwargs: As of :class:`TranslationDataModule`.
    """

    def __init__(
        self,
        root: Path,
        degradation: Degradation,
        predict_folder: Path | None = None,
        dabs: Dabs | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(predict_folder=predict_folder, **kwargs)
        self.root, self.degradation, self.dabs = Path(root), degradation, dabs

    def split(self, name: str, load_size: int, jitter: Jitter | None = None) -> DegradedImages:
        """The photographs of one split; those that are not jittered are degraded the same way every time."""
        settings = self.degradation, load_size, jitter, self.dabs
        return DegradedImages.below(self.root / name, *settings, white_level=self.white_level)
