"""Single images at one square size: what unconditional models learn from."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from gan_lab.datasets.broken_files import BrokenFiles
from gan_lab.datasets.images import ImageFile, to_tensor
from gan_lab.images.transforms import Image, center_square, resize
from gan_lab.samples import ImageSample


class SquareImages(Dataset[ImageSample]):
    """The central square of each image, scaled to one size.

    A file that cannot be decoded does not end a night's training: it is named, once, and the next file stands in for
    it from then on, until too many are broken.

    Args:
        data_set: What messages call it.
        images: Where they lie, at least one: see :func:`~gan_lab.datasets.images.images_below`.
        size: Side of the squares in pixels.
        flip: Whether half of the images are mirrored left to right, drawn anew for every sample.
        cache: Whether to keep the scaled squares in memory that all workers share (3 x size x size bytes an image):
            files are decoded in the first epoch only.
        max_broken_fraction: The part of the files that may be broken, rounded up to whole files; 0 for none.
    """

    def __init__(
        self,
        data_set: str,
        images: Sequence[ImageFile],
        size: int,
        flip: bool = False,
        cache: bool = False,
        max_broken_fraction: float = 0.0,
    ) -> None:
        self.data_set = data_set
        self.images = images
        self.size = size
        self.flip = flip
        self.max_broken_fraction = max_broken_fraction
        self._broken = BrokenFiles(data_set, len(images), max_broken_fraction)
        self._cache: Tensor | None = None
        if cache:
            self._cache = torch.empty((len(images), size, size, 3), dtype=torch.uint8).share_memory_()
            self._cached = torch.zeros(len(images), dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> ImageSample:
        """Decodes one image.

        Raises:
            ImageReadError: If it is broken and none may be.
            DatasetError: If more are broken than may be.
        """
        index, square = self._broken.first_whole(index, self._square)
        if self.flip and random.random() < 0.5:
            square = np.flip(square, 1)
        return {"image": to_tensor(square), "name": self.images[index].name}

    def files(self, index: int) -> list[Path]:
        """The file of one image."""
        return [self.images[index].path]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes one image and yields what is unusual about it; raises ImageReadError if it is broken."""
        image, path = self.images[index].read(), self.images[index].path
        height, width = image.shape[:2]
        if 2 * min(height, width) < self.size:
            yield f"{path}: {width}x{height} is enlarged more than twice to {self.size}"
        if max(height, width) > 2 * min(height, width):
            yield f"{path}: {width}x{height} loses more than half to the central square"
        if image.min() == image.max():
            yield f"{path}: one flat color"

    def fingerprint(self) -> str:
        """A digest that differs if another file is read, a file has changed on the disk, or the size is another."""
        digest = hashlib.sha256(f"central squares of {self.size}".encode())
        for image in self.images:
            status = image.path.stat()
            digest.update(f"\n{image.name} {image.box} {status.st_size} {status.st_mtime_ns}".encode())
            if image.white_level is not None:
                digest.update(f" white {image.white_level}".encode())
        return digest.hexdigest()

    def _square(self, index: int) -> Image:
        if self._cache is not None and self._cached[index]:
            return np.asarray(self._cache[index].numpy(), dtype=np.uint8)
        square = resize(center_square(self.images[index].read(self.size)), self.size)
        if self._cache is not None:
            self._cache[index] = torch.from_numpy(square)
            self._cached[index] = True
        return square
