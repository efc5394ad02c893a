"""Frames of a video file."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gan_lab.errors import DatasetError, ImageReadError
from gan_lab.images.transforms import Image

VIDEO_EXTENSIONS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})


class Video:
    """A video whose frames are read by number; fast in ascending order.

    Frames are counted by going through them: what a file says of their number is wrong too often.

    Args:
        path: The file, of any kind that OpenCV reads.

    Attributes:
        fps: Frames a second.
        size: Width and height in pixels.

    Raises:
        DatasetError: If it does not exist, cannot be read, or has no frame.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise DatasetError(f"{path}: no such file")
        capture = cv2.VideoCapture(_file(path))
        self.fps = float(capture.get(cv2.CAP_PROP_FPS))
        done, first = capture.read()
        self._length = int(done)
        while capture.grab():
            self._length += 1
        capture.release()
        self._capture: Any = None  # opened where frames are read, which is in another process
        self._next = 0
        if not done:
            raise DatasetError(f"{path}: no video that can be decoded")
        self.size = (first.shape[1], first.shape[0])  # the file may say otherwise of a rotated one

    def __len__(self) -> int:
        return self._length

    def read(self, frame: int) -> Image:
        """Decodes one frame to uint8 RGB (H, W, 3); raises ImageReadError, naming the file, if that fails."""
        if self._capture is None or frame < self._next:
            self._capture = cv2.VideoCapture(_file(self.path))
            self._next = 0
        while self._next < frame and self._capture.grab():
            self._next += 1
        done, pixels = self._capture.read()
        if not done or self._next != frame:
            raise ImageReadError(f"{self.path}: frame {frame} cannot be decoded")
        self._next += 1
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _file(path: Path) -> str:
    """A path as FFmpeg takes for one: it would look for a protocol before a colon."""
    return str(path.absolute())
