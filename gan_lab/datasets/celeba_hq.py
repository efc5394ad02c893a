"""CelebA-HQ (Karras et al., ICLR 2018)."""

from collections.abc import Sequence
from pathlib import Path

from gan_lab.datasets.images import ImageFile, images_below

VALIDATION = "val/"


def celeba_hq_images(root: Path) -> list[ImageFile]:
    """The 30,000 faces: ``<root>/00000.jpg`` or ``.png`` and so on, or ``<root>/{train,val}/{female,male}/000004.jpg``.

    The second is how StarGAN v2 packed them; ``celeba_hq`` around it may be part of ``root`` or below it.

    Args:
        root: The data set's folder.

    Raises:
        DatasetNotFoundError: If there is no picture.
    """
    inner = root / "celeba_hq"
    remedy = "It should hold 00000.jpg and so on, or train/ and val/: correct data.root."
    return images_below("CelebA-HQ", inner if inner.is_dir() else root, remedy)


def has_official_split(images: Sequence[ImageFile]) -> bool:
    """Whether the pictures lie in ``train`` and ``val``."""
    return {image.name.partition("/")[0] for image in images} >= {"train", "val"}
