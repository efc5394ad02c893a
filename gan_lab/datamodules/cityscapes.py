"""Cityscapes."""

from typing import ClassVar

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import Cityscapes
from gan_lab.datasets.paired_images import Direction
from gan_lab.images.transforms import Jitter


class CityscapesDataModule(PairedDataModule):
    """Cityscapes, labels to photographs unless ``direction`` is ``AtoB``.

    ``root`` holds ``leftImg8bit`` and ``gtFine``, and they the splits. ``gan-lab test`` measures on ``val``, as the
    paper does: the labels of Cityscapes' ``test`` are not public.
    """

    usual_direction: ClassVar[Direction] = "BtoA"

    def split(self, name: str, load_size: int, jitter: Jitter | None = None, cache: bool = False) -> Cityscapes:
        """The pairs of one split."""
        return Cityscapes(self.root, name, self.direction, load_size, jitter, cache)
