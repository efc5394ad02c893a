"""CelebA-HQ."""

from collections.abc import Sequence
from functools import cached_property
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

    @cached_property
    def _has_official_split(self) -> bool:
        return has_official_split(self.source.images)

    def is_held_out(self, image: ImageFile) -> bool:
        """Whether an image lies in ``val``, where there is such a folder."""
        return image.name.startswith(VALIDATION) if self._has_official_split else super().is_held_out(image)
