"""Milliseconds for one training image of a growing GAN: from the store, and decoded each time.

    python -m benchmarks.resolution_store [FOLDER]

FOLDER holds pictures such as FFHQ's ``images1024x1024``, the first 16 of which are taken; without it, emoji are
enlarged to 1024 pixels and saved as PNG and as JPEG. One thread; a cold disk is not part of it.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import torch
from PIL import Image

from gan_lab.datasets.folders import list_images
from gan_lab.datasets.growing_images import GrowingImages
from gan_lab.datasets.images import images_below

SIDES = (8, 16, 32, 64, 128, 256, 512, 1024)
ROUNDS = 3


def main() -> None:
    """Measures and prints."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory() as scratch:
        if len(sys.argv) > 1:
            folders = {"pictures": Path(sys.argv[1])}
        else:
            folders = {kind: enlarged_emoji(Path(scratch) / kind, kind) for kind in ("png", "jpg")}
        print(f"one image, milliseconds, medians of {ROUNDS} rounds:")
        print("  " + " " * 20 + "".join(f"{side:>8}" for side in SIDES))
        for kind, folder in folders.items():
            images = images_below("bench", folder, "")[:16]
            decoding = GrowingImages("bench", images, SIDES, False, Path(scratch), store_side=0)
            stored = GrowingImages("bench", images, SIDES, False, Path(scratch) / f"{kind}-store", store_side=1024)
            start = time.perf_counter()
            stored.prepare()
            prepared = (time.perf_counter() - start) / len(images)
            for name, data in (("decoded", decoding), ("from the store", stored)):
                print(f"  {kind + ', ' + name:20}" + "".join(f"{milliseconds(data, side):8.3f}" for side in SIDES))
            print(f"  {kind}, store made: {1000 * prepared:.0f} ms an image, once, all sizes")


def milliseconds(data: GrowingImages, side: int) -> float:
    """Of one image at one size."""
    rounds = []
    for turn in range(ROUNDS + 1):
        start = time.perf_counter()
        for index in range(len(data)):
            data[index, side]
        if turn:  # the first round warms up
            rounds.append(1000 * (time.perf_counter() - start) / len(data))
    return statistics.median(rounds)


def enlarged_emoji(folder: Path, extension: str) -> Path:
    """Sixteen emoji at 1024 pixels, with noise: a photograph does not compress as well as a drawing."""
    folder.mkdir()
    generator = torch.Generator().manual_seed(0)
    for path in list_images(Path("data/emoji_pairs/train"))[:16]:
        with Image.open(path) as image:
            large = torch.tensor(list(image.convert("RGB").resize((1024, 1024)).tobytes()), dtype=torch.int16)
        noisy = large + torch.randint(-8, 9, large.shape, generator=generator)
        pixels = noisy.clamp(0, 255).to(torch.uint8).view(1024, 1024, 3).numpy()
        Image.fromarray(pixels).save(folder / f"{path.stem}.{extension}", quality=95)
    return folder


if __name__ == "__main__":
    main()
