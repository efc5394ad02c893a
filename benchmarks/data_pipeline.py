"""Pairs a second that reach the model: the reference's steps, ours, and ours from the decoded cache.

    python -m benchmarks.data_pipeline [FOLDER]

FOLDER holds 512 x 256 A|B files such as Facades' ``train``; without it, 200 emoji pairs are enlarged to that size and
saved as JPEG. All run in one thread, to float tensors in [-1, 1], in turn, several times over.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as T

from gan_lab.datamodules import PairedFolderDataModule
from gan_lab.datasets.folders import list_images
from gan_lab.datasets.pair_layouts import side_by_side
from gan_lab.datasets.paired_images import PairedImages
from gan_lab.images.transforms import Jitter

ROUNDS = 5


def main() -> None:
    """Measures and prints."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else enlarged_emoji(Path(scratch))
        paths = list_images(folder)[:200]
        plain, cached = (
            PairedImages(side_by_side("bench", folder, "")[:200], "AtoB", 286, Jitter(256, flip=True), cache)
            for cache in (False, True)
        )
        ways: dict[str, Callable[[int], None]] = {
            "reference's steps (PIL, float)": lambda index: reference_steps(paths[index]) and None,
            "gan-lab (uint8, float per batch)": lambda index: ours(plain, index),
            "gan-lab from the decoded cache": lambda index: ours(cached, index),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(ROUNDS + 1):
            for name, way in ways.items():
                start = time.perf_counter()
                for index in range(len(paths)):
                    way(index)
                if turn:  # the first round warms up and fills the cache
                    rates[name].append(len(paths) / (time.perf_counter() - start))
    base = statistics.median(rates["reference's steps (PIL, float)"])
    print(f"data pipeline, {len(paths)} pairs of 512 x 256 JPEG, 286 -> 256, one thread, medians of {ROUNDS} rounds:")
    for name, values in rates.items():
        median = statistics.median(values)
        print(f"  {name:34} {median:8.0f} pairs/s  {median / base:5.1f} x")


def reference_steps(path: Path) -> tuple[Tensor, Tensor]:
    """What the authors' PyTorch code does for a pair: two bicubic resizes, crops, flips, normalized float tensors."""
    with Image.open(path) as image:
        both = image.convert("RGB")
    half = both.width // 2
    sides = both.crop((0, 0, half, both.height)), both.crop((half, 0, both.width, both.height))
    left, top, flip = random.randint(0, 30), random.randint(0, 30), random.random() < 0.5
    tensors = []
    for side in sides:
        scaled = T.resize(side, [286, 286], InterpolationMode.BICUBIC)
        cropped = scaled.crop((left, top, left + 256, top + 256))
        mirrored = cropped.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else cropped
        tensors.append(T.normalize(T.to_tensor(mirrored), [0.5] * 3, [0.5] * 3))
    return tensors[0], tensors[1]


def ours(data: PairedImages, index: int) -> None:
    """One pair through the dataset, a batch of one, and the datamodule's conversion on the device."""
    sample = data[index]
    batch = {"source": sample["source"][None], "target": sample["target"][None]}
    PairedFolderDataModule.on_after_batch_transfer(None, batch, 0)  # type: ignore[arg-type]  # it uses no state


def enlarged_emoji(folder: Path) -> Path:
    """The carried pairs as 512 x 256 JPEG files."""
    for path in list_images(Path("data/emoji_pairs/train"))[:200]:
        with Image.open(path) as image:
            image.convert("RGB").resize((512, 256)).save(folder / f"{path.stem}.jpg", quality=90)
    return folder


if __name__ == "__main__":
    main()
