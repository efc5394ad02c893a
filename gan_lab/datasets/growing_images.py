"""Images at the resolution that growing networks have reached."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from torch.utils.data import Dataset

from gan_lab.datasets.images import ImageFile, to_tensor
from gan_lab.datasets.resolution_store import ResolutionStore
from gan_lab.datasets.square_images import SquareImages
from gan_lab.samples import ImageSample


class GrowingImages(Dataset[ImageSample]):
    """The central square of each image at any of several resolutions: the smaller ones from a store on the disk.

    Args:
        data_set: What messages call it.
        images: Where they lie, at least one.
        resolutions: Every side in pixels that will be asked for, upwards.
        flip: Whether half of the images are mirrored left to right, drawn anew for every sample.
        store: The folder in which the store is made on first use.
        store_side: The largest side that is stored; larger ones are decoded each time.
        max_broken_fraction: The part of the files that may be broken; see :class:`SquareImages`.
    """

    def __init__(
        self,
        data_set: str,
        images: Sequence[ImageFile],
        resolutions: Sequence[int],
        flip: bool,
        store: Path,
        store_side: int,
        max_broken_fraction: float = 0.0,
    ) -> None:
        self.images = images
        self.max_broken_fraction = max_broken_fraction
        self.flip = flip
        stored = [side for side in resolutions if side <= store_side]
        squares = {
            side: SquareImages(data_set, images, side, max_broken_fraction=max_broken_fraction)
            for side in resolutions
            if side not in stored[:-1]
        }
        self.store = ResolutionStore(store, squares[stored[-1]], stored) if stored else None
        self._decoded = {side: images for side, images in squares.items() if side not in stored}
        self._largest = squares[max(resolutions)]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index_and_side: tuple[int, int]) -> ImageSample:
        """One image at one of the resolutions."""
        index, side = index_and_side
        if self.store is not None and side in self.store.sides:
            pixels = to_tensor(self.store.read(index, side))
        else:
            pixels = self._decoded[side][index]["image"]
        mirrored = self.flip and random.random() < 0.5
        return {"image": pixels.flip(2) if mirrored else pixels, "name": self.images[index].name}

    def prepare(self) -> None:
        """Makes the store, if there is to be one and there is none."""
        if self.store is not None:
            self.store.prepare()

    def files(self, index: int) -> list[Path]:
        """The file of one image."""
        return [self.images[index].path]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes one image and yields what is unusual about it at the largest resolution."""
        yield from self._largest.oddities(index)
