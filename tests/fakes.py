"""Writes every data set's official layout with a few tiny images. The B side is a function of the A side, so that a
network can learn it."""

from pathlib import Path

import numpy as np
from PIL import Image


def drawing(seed: int, size: int = 32) -> np.ndarray:
    """A black rectangle on white, somewhere."""
    rng = np.random.default_rng(seed)
    image = np.full((size, size, 3), 255, np.uint8)
    top, left = rng.integers(0, size // 2, 2)
    height, width = rng.integers(size // 4, size // 2, 2)
    image[top : top + height, left : left + width] = 0
    return image


def colouring(source: np.ndarray) -> np.ndarray:
    """The drawing with blue for black and yellow for white."""
    return np.where(source < 128, np.uint8([20, 60, 220]), np.uint8([250, 220, 40])).astype(np.uint8)


def save(image: np.ndarray, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path


def write_side_by_side(root: Path, splits: dict[str, int], extension: str = "png", flipped: bool = False) -> Path:
    """pix2pix's AB files; ``flipped`` puts the drawing in B, where Facades has its labels."""
    for number, (split, count) in enumerate(splits.items()):
        for index in range(count):
            source = drawing(1000 * number + index)
            pair = [source, colouring(source)]
            save(np.concatenate(pair[::-1] if flipped else pair, axis=1), root / split / f"{index + 1}.{extension}")
    return root


def write_emoji_pairs(root: Path) -> Path:
    return write_side_by_side(root, {"train": 6, "val": 3})


def write_facades(root: Path) -> Path:
    return write_side_by_side(root, {"train": 6, "val": 3, "test": 2}, extension="jpg", flipped=True)


def write_paired_folder(root: Path) -> Path:
    """Sides A and B apart, their extensions different."""
    for split, count in {"train": 6, "val": 3}.items():
        for index in range(count):
            source = drawing(index)
            save(source, root / split / "A" / f"sub/{index}.png")
            save(colouring(source), root / split / "B" / f"sub/{index}.bmp")
    return root


def write_unpaired_folder(root: Path) -> Path:
    """CycleGAN's layout: drawings in A, other drawings coloured in B, of different numbers."""
    for folder, first, count in (("trainA", 0, 6), ("trainB", 100, 4), ("testA", 200, 3), ("testB", 300, 2)):
        for index in range(first, first + count):
            image = drawing(index)
            save(colouring(image) if folder.endswith("B") else image, root / folder / f"{index}.png")
    return root


def write_pictures(root: Path) -> Path:
    """Single pictures of sizes that no network takes."""
    for index, size in enumerate([(20, 45), (64, 32), (33, 33)]):
        save(np.random.default_rng(index).integers(0, 255, (*size, 3), dtype=np.uint8), root / f"picture{index}.png")
    return root


WRITERS = {
    "EmojiPairsDataModule": write_emoji_pairs,
    "FacadesDataModule": write_facades,
    "PairedFolderDataModule": write_paired_folder,
    "UnpairedFolderDataModule": write_unpaired_folder,
}
