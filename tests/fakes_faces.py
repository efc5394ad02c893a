"""Data sets of faces for unconditional models."""

from pathlib import Path

from tests.fakes_pictures import coloring, drawing, save, write_side_by_side


def write_ffhq(root: Path) -> Path:
    """Both official folders, at a size that needs scaling."""
    for folder in ("images1024x1024", "thumbnails128x128"):
        for index in range(6):
            save(coloring(drawing(index)), root / folder / f"{index // 4 * 1000:05}" / f"{index:05}.png")
    return root


def write_celeba_hq(root: Path) -> Path:
    """StarGAN v2's split by sex."""
    for split, count in (("train", 3), ("val", 1)):
        for kind in ("female", "male"):
            for index in range(count):
                save(coloring(drawing(index)), root / "celeba_hq" / split / kind / f"{index:06}.jpg")
    return root


def write_growing_folder(root: Path) -> Path:
    return write_side_by_side(root, {"train": 6, "val": 2})
