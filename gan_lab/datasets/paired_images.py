"""Pairs of images, scaled and jittered alike."""

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.utils.data import Dataset

from gan_lab.datasets.images import read_image, read_labels, to_tensor
from gan_lab.datasets.pair_layouts import Halves, Pair, cut_in_half, narrow_halves
from gan_lab.datasets.prediction_data import translate_beside_target
from gan_lab.errors import ImageReadError
from gan_lab.images.dabs import Dabs
from gan_lab.images.transforms import Image, Jitter, resize, resize_labels
from gan_lab.samples import PairedSample, TranslateRequest

Direction = Literal["AtoB", "BtoA"]


class PairedImages(Dataset[PairedSample]):
    """Pairs of images at one square size, jittered alike.

    Args:
        pairs: Where they lie: see :func:`~gan_lab.datasets.pair_layouts.side_by_side` and ``matching_names`` there.
        direction: Which side is the source.
        load_size: Side in pixels to which both images are scaled, whatever their aspect.
        jitter: Random crop and flip of the scaled pair; None leaves it as it is.
        cache: Whether to keep decoded and scaled pairs in memory that all workers share
            (6 x load_size x load_size bytes a pair): they are decoded in the first epoch only.
        label_colors: The color of each label id, uint8 (N, 3), if B's files hold ids: B is drawn in these colors and
            scaled without blending them. None if both sides are ordinary images.
        halves: What a file with A and B side by side looks like.
        white_level: See :func:`~gan_lab.datasets.images.read_image`.
        dabs: What paints dabs of the target's colors on the source: other ones every time if there is a jitter, and the
            same ones for a pair if there is none. None for no dabs.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        direction: Direction,
        load_size: int,
        jitter: Jitter | None = None,
        cache: bool = False,
        label_colors: Image | None = None,
        halves: Halves = "wide",
        white_level: int | None = None,
        dabs: Dabs | None = None,
    ) -> None:
        self.pairs = pairs
        self.direction = direction
        self.load_size = load_size
        self.jitter = jitter
        self.label_colors = label_colors
        self.halves = halves
        self.white_level = white_level
        self.dabs = dabs
        self._cache: Tensor | None = None
        if cache:
            self._cache = torch.empty((len(pairs), 2, load_size, load_size, 3), dtype=torch.uint8).share_memory_()
            self._cached = torch.zeros(len(pairs), dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> PairedSample:
        """Decodes one pair; raises ImageReadError, naming the file, if that fails."""
        source, target = self._scaled(index)
        if self.jitter is not None:
            source, target = self.jitter(source, target)
        if self.dabs is not None:
            training = self.jitter is not None
            seed = random.getrandbits(32) if training else index
            source = self.dabs(source, target, random.Random(seed), training=training)
        return {"source": to_tensor(source), "target": to_tensor(target), "name": self.pairs[index].name}

    def request(self, batch: dict[str, Any]) -> TranslateRequest:
        """Asks for translations, to be shown beside the targets."""
        return translate_beside_target(batch)

    def read(self, index: int) -> tuple[Image, Image]:
        """Source and target at full size."""
        return self._directed(*self._decode(index))

    def files(self, index: int) -> list[Path]:
        """The file or files of one pair."""
        pair = self.pairs[index]
        return [pair.a] if pair.a == pair.b else [pair.a, pair.b]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes one pair and yields what is unusual about it; raises ImageReadError if it is broken or mismatched."""
        source, target = self.read(index)
        path = " and ".join(map(str, self.files(index)))
        height, width = source.shape[:2]
        if source.shape != target.shape:
            other_height, other_width = target.shape[:2]
            raise ImageReadError(f"{path}: the pair is mismatched, {width}x{height} and {other_width}x{other_height}")
        if 2 * min(height, width) < self.load_size:
            yield f"{path}: {width}x{height} is enlarged more than twice to {self.load_size}"
        if max(height, width) > 2 * min(height, width):
            yield f"{path}: {width}x{height} is squeezed into a square"
        if len(self.files(index)) == 1 and narrow_halves(2 * width, height) and self.halves == "wide":
            yield f"{path}: cut into two of {width}x{height}, is it a single picture?"
        for side, image in (("source", source), ("target", target)):
            if image.min() == image.max():
                yield f"{path}: the {side} is one flat color"

    def _directed(self, a: Image, b: Image) -> tuple[Image, Image]:
        return (a, b) if self.direction == "AtoB" else (b, a)

    def _decode(self, index: int) -> tuple[Image, Image]:
        """A and B at full size."""
        pair = self.pairs[index]
        a = read_image(pair.a, white_level=self.white_level)
        if pair.b == pair.a:
            return cut_in_half(a, pair.a, self.halves)
        if self.label_colors is None:
            return a, read_image(pair.b, white_level=self.white_level)
        return a, read_labels(pair.b, self.label_colors)

    def _scaled(self, index: int) -> tuple[Image, Image]:
        if self._cache is not None and self._cached[index]:
            source, target = self._cache[index].numpy()
            return source, target
        a, b = self._decode(index)
        scale_b = resize if self.label_colors is None else resize_labels
        source, target = self._directed(resize(a, self.load_size), scale_b(b, self.load_size))
        if self._cache is not None:
            self._cache[index, 0] = torch.from_numpy(source)
            self._cache[index, 1] = torch.from_numpy(target)
            self._cached[index] = True
        return source, target


class PairedDataset(PairedImages, ABC):
    """A data set of pairs with splits of its own: a subclass says where the pairs of a split lie.

    Args:
        root: The data set's folder.
        split: One of its splits.
        direction: Which side is the source; None for ``default_direction``.
        load_size: Side in pixels to which both images are scaled, whatever their aspect.
        jitter: Random crop and flip of the scaled pair; None leaves it as it is.
        cache: Whether to keep decoded and scaled pairs in memory.
        white_level: See :func:`~gan_lab.datasets.images.read_image`.
        dabs: See :class:`PairedImages`.

    Attributes:
        default_direction: The one in which the data set is usually translated.
        label_colors: The colors of B's label ids; None if both sides are ordinary images.
        halves: What its files look like if A and B are side by side.

    Raises:
        DatasetNotFoundError: If a folder of the split is missing or empty.
        DatasetError: If an image of two folders has no partner, or the files are of another layout.
    """

    default_direction: ClassVar[Direction] = "AtoB"
    label_colors: Image | None = None
    halves: Halves = "wide"

    def __init__(
        self,
        root: Path,
        split: str,
        direction: Direction | None = None,
        load_size: int = 256,
        jitter: Jitter | None = None,
        cache: bool = False,
        white_level: int | None = None,
        dabs: Dabs | None = None,
    ) -> None:
        super().__init__(
            self.find_pairs(Path(root), split),
            direction or self.default_direction,
            load_size,
            jitter,
            cache,
            self.label_colors,
            self.halves,
            white_level,
            dabs,
        )

    @abstractmethod
    def find_pairs(self, root: Path, split: str) -> list[Pair]:
        """Where the pairs of a split lie; raises as the class does."""


def colors_of_sources(options: object) -> Image | None:
    """The colors of label ids, if label maps are what is translated.

    Args:
        options: Anything with a ``data_set``, perhaps a :class:`PairedDataset`, and a ``direction``.
    """
    data_set = getattr(options, "data_set", None)
    direction = getattr(options, "direction", None) or getattr(data_set, "default_direction", None)
    return getattr(data_set, "label_colors", None) if direction == "BtoA" else None
