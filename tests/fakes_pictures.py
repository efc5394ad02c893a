"""The pictures that fake data sets are made of: drawings, and their colorings."""

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


def coloring(source: np.ndarray) -> np.ndarray:
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
            pair = [source, coloring(source)]
            save(np.concatenate(pair[::-1] if flipped else pair, axis=1), root / split / f"{index + 1}.{extension}")
    return root
