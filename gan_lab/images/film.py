"""Films of numbered pictures."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from gan_lab.errors import GanLabError
from gan_lab.files import atomic_write, fitting_name
from gan_lab.images.signature import SIGNATURE, sign
from gan_lab.images.transforms import Image as Pixels


def write_film(frames: Sequence[Path], target: Path, frames_per_second: int) -> list[Path]:
    """Writes pictures of one size as a GIF that repeats, and as MP4 where OpenCV can.

    Args:
        frames: The pictures in order; one at a time is held in memory.
        target: Where, without an extension.
        frames_per_second: From 1 to 100; a GIF counts in hundredths of a second.

    Returns:
        What was written.
    """
    gif, mp4 = film_paths(target)
    with atomic_write(gif) as partial, Image.open(frames[0]) as first:
        duration = max(10, round(100 / frames_per_second) * 10)
        others = _pictures(frames[1:])
        first.save(partial, save_all=True, append_images=others, duration=duration, loop=0, comment=SIGNATURE)
    try:
        save_video((np.asarray(picture.convert("RGB")) for picture in _pictures(frames)), frames_per_second, mp4)
    except GanLabError:
        return [gif]
    return [gif, mp4]


def film_paths(target: Path) -> tuple[Path, Path]:
    """Where a film is written: the GIF and the MP4."""
    gif, mp4 = (target.with_name(fitting_name(target.name, ending)) for ending in (".gif", ".mp4"))
    return gif, mp4


def save_video(frames: Iterable[Pixels], fps: float, path: Path) -> None:
    """Writes and signs frames (H, W, 3), at least one, as an MP4 file, replacing an older one only when it is whole.

    Raises:
        GanLabError: If this machine's OpenCV cannot write such a file.
    """
    remaining = iter(frames)
    first = next(remaining)
    rate = fps if math.isfinite(fps) and fps > 0 else 25.0
    with atomic_write(path) as partial:
        writer = cv2.VideoWriter(
            str(partial.absolute()), cv2.VideoWriter.fourcc(*"mp4v"), rate, (first.shape[1], first.shape[0])
        )
        if not writer.isOpened():
            raise GanLabError(f"{path}: OpenCV cannot write this video")
        for frame in itertools.chain([first], remaining):
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        writer.release()
        sign(partial)


def _pictures(paths: Sequence[Path]) -> Iterator[Image.Image]:
    for path in paths:
        with Image.open(path) as image:
            yield image.copy()
