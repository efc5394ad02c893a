"""Images at every small resolution, decoded once: what a growing GAN reads for most of its training.

A picture of 1024 pixels takes tens of milliseconds to decode, whatever it is then scaled to, and training begins at 8:
decoding it each time would cost more than the training step. See ``benchmarks/resolution_store.py``.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gan_lab.datasets.square_images import SquareImages
from gan_lab.errors import DatasetError
from gan_lab.files import partial_path, sweep
from gan_lab.images.transforms import Image, resize
from gan_lab.stopping import thread_pool


class ResolutionStore:
    """One array of uint8 (N, side, side, 3) for each side, in a folder, read as far as it is used.

    The folder is named after what is in it: other files, or another choice of them, get another one. It is written
    beside its place and renamed when it is whole.

    Args:
        folder: Where stores are kept.
        squares: The images at the largest side that is stored.
        sides: Every side that is stored, powers of two below one another.
    """

    def __init__(self, folder: Path, squares: SquareImages, sides: Sequence[int]) -> None:
        self.squares = squares
        self.sides = sorted(sides)
        self.folder = folder / f"{self.sides[0]}-{self.sides[-1]}-{squares.fingerprint()[:16]}"
        self._arrays: dict[int, NDArray[np.uint8]] = {}

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return sum(3 * side**2 * len(self.squares) for side in self.sides)

    def read(self, index: int, side: int) -> Image:
        """One image (side, side, 3); makes the store if nobody has yet."""
        if side not in self._arrays:
            self.prepare()
            self._arrays[side] = self._open(side)
        return np.array(self._arrays[side][index])

    def prepare(self) -> None:
        """Decodes every image and writes the store, unless it is there.

        Raises:
            DatasetError: If there is no room or no permission for it, or one that is there is damaged.
        """
        sweep(self.folder.parent)
        if self.folder.is_dir():
            for side in self.sides:
                self._open(side)
            return
        partial = partial_path(self.folder)
        try:
            partial.mkdir(parents=True)
            free = shutil.disk_usage(partial).free
            if free < self.size:
                raise DatasetError(
                    f"{self.squares.data_set}: the store of small images takes {self.size / 1e9:.1f} GB, and "
                    f"{self.folder.parent} has {free / 1e9:.1f} GB free: set data.store to another folder, "
                    "or lower data.store_side"
                )
            self._write(partial)
            if not self.folder.is_dir():
                partial.replace(self.folder)
        except OSError as error:
            if self.folder.is_dir():  # another process was faster
                return
            raise DatasetError(
                f"{self.squares.data_set}: cannot write the store of small images {self.folder}: "
                f"{error.strerror or error}: set data.store to a folder that can be written"
            ) from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _open(self, side: int) -> NDArray[np.uint8]:
        """The array of a side, left on the disk; raises DatasetError if it is not what was written there."""
        path = self._file(self.folder, side)
        try:
            array: NDArray[np.uint8] | None = np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception:  # of a header that is no header, anything
            array = None
        wanted = (len(self.squares), side, side, 3)
        if not isinstance(array, np.memmap) or array.shape != wanted or array.dtype != np.uint8:
            raise DatasetError(
                f"{self.squares.data_set}: {path.name} of the store of small images is damaged: delete {self.folder}, "
                "and it is made anew"
            )
        return array

    def _write(self, folder: Path) -> None:
        count = len(self.squares)
        arrays = {
            side: np.lib.format.open_memmap(self._file(folder, side), "w+", np.uint8, (count, side, side, 3))
            for side in self.sides
        }

        def store(index: int) -> None:
            square = self.squares[index]["image"].permute(1, 2, 0).numpy()
            for side, array in arrays.items():
                array[index] = resize(square, side)

        with thread_pool(os.cpu_count()) as pool:  # decoding leaves Python's lock alone
            for _ in pool.map(store, range(count)):
                pass
        for array in arrays.values():
            array.flush()

    @staticmethod
    def _file(folder: Path, side: int) -> Path:
        return folder / f"{side}.npy"
