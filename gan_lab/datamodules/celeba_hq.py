"""CelebA-HQ."""

from collections.abc import Sequence
from typing import ClassVar

from gan_lab.datamodules.growing import GrowingDataModule
from gan_lab.datasets.celeba_hq import VALIDATION, celeba_hq_images, has_official_split
from gan_lab.datasets.images import ImageFile


class CelebAHQDataModule(GrowingDataModule):
    """CelebA-HQ: 30,000 faces, flat or in ``train`` and ``val``, the latter held out unless nothing is."""

    data_set: ClassVar[str] = "CelebA-HQ"

    def find_images(self) -> Sequence[ImageFile]:
        """Every face."""
        return celeba_hq_images(self.root)

    def _is_held_out(self, image: ImageFile) -> bool:
        if has_official_split(self.images):
            return image.name.startswith(VALIDATION)
        return super()._is_held_out(image)
