"""Flickr-Faces-HQ (Karras et al., 2019)."""

from pathlib import Path

from gan_lab.datasets.folders import holds_images
from gan_lab.datasets.images import ImageFile, images_below
from gan_lab.errors import DatasetError

FOLDERS = {"thumbnails128x128": 128, "images1024x1024": 1024}


def ffhq_images(root: Path, resolution: int) -> list[ImageFile]:
    """The 70,000 aligned faces: ``<root>/images1024x1024/00000/00000.png`` and so on, or the same at 128 pixels.

    Of the two official folders the smallest is taken that has so many pixels. A root without either of them is taken
    to hold the pictures itself, in subfolders or flat.

    Args:
        root: The data set's folder.
        resolution: Side in pixels that is wanted.

    Raises:
        DatasetNotFoundError: If there is no picture.
        DatasetError: If there are official folders, and none of so many pixels, or only the photographs as taken.
    """
    remedy = "Get FFHQ from github.com/NVlabs/ffhq-dataset, or correct data.root."
    present = [name for name in FOLDERS if holds_images(root / name)]
    if not present and (root / "in-the-wild-images").is_dir():
        raise DatasetError(f"FFHQ: {root} has the photographs that faces were cut out of, not the faces. {remedy}")
    if not present:
        return images_below("FFHQ", root, remedy)
    large_enough = [name for name in present if resolution <= FOLDERS[name]]
    if not large_enough:
        raise DatasetError(
            f"FFHQ: {root} has nothing larger than {present[-1]}, and {resolution} pixels are wanted: "
            "get images1024x1024, or lower the schedule's resolution"
        )
    return images_below("FFHQ", root / large_enough[0], remedy)
