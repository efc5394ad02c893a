"""Pairs of images in the two layouts in common use."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from gan_lab.datasets.images import list_images, read_image, read_labels, to_tensor
from gan_lab.datasets.prediction_data import translate_beside_target
from gan_lab.errors import DatasetError, DatasetNotFoundError, ImageReadError
from gan_lab.images.transforms import Image, Jitter, resize, resize_labels
from gan_lab.samples import PairedSample, TranslateRequest

Direction = Literal["AtoB", "BtoA"]


class Pair(NamedTuple):
    """Where a pair lies: two files, or twice the same one, whose left half is A and whose right half is B."""

    name: str
    a: Path
    b: Path


def side_by_side(name: str, folder: Path, remedy: str) -> list[Pair]:
    """Pairs as pix2pix packs them: A and B beside each other in one file.

    Raises:
        DatasetNotFoundError: If the folder of the data set ``name`` has no image; it ends with ``remedy``.
    """
    paths = list_images(folder)
    if not paths:
        raise DatasetNotFoundError(name, folder, remedy)
    return [Pair(path.relative_to(folder).as_posix(), path, path) for path in paths]


def matching_names(
    name: str,
    folder_a: Path,
    folder_b: Path,
    remedy: str,
    key_a: Callable[[str], str | None] = str,
    key_b: Callable[[str], str | None] = str,
) -> list[Pair]:
    """Pairs in two folders whose files have the same names, or the same keys made of their names.

    Args:
        name: The data set.
        folder_a: Where side A lies, also in subfolders.
        folder_b: Where side B lies.
        remedy: The end of the message if there is nothing.
        key_a: What a file of A shares with its partner, given its relative path without extension; None passes it over.
        key_b: The same for B.

    Raises:
        DatasetNotFoundError: If a folder has no such image.
        DatasetError: If a file has no partner, or more than one.
    """
    a, b = _files_by_key(name, folder_a, remedy, key_a), _files_by_key(name, folder_b, remedy, key_b)
    _require_partners(name, a, b, folder_b)
    _require_partners(name, b, a, folder_a)
    return [Pair(a[key].relative_to(folder_a).as_posix(), a[key], b[key]) for key in sorted(a)]


class PairedImages(Dataset[PairedSample]):
    """Pairs of images at one square size, jittered alike.

    Args:
        pairs: Where they lie: see :func:`side_by_side` and :func:`matching_names`.
        direction: Which side is the source.
        load_size: Side in pixels to which both images are scaled, whatever their aspect.
        jitter: Random crop and flip of the scaled pair; None leaves it as it is.
        cache: Whether to keep decoded and scaled pairs in memory that all workers share
            (6 x load_size x load_size bytes a pair): they are decoded in the first epoch only.
        label_colors: The color of each label id, uint8 (N, 3), if B's files hold ids: B is drawn in these colors and
            scaled without blending them. None if both sides are ordinary images.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        direction: Direction,
        load_size: int,
        jitter: Jitter | None = None,
        cache: bool = False,
        label_colors: Image | None = None,
    ) -> None:
        self.pairs = pairs
        self.direction = direction
        self.load_size = load_size
        self.jitter = jitter
        self.label_colors = label_colors
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
        for side, image in (("source", source), ("target", target)):
            if image.min() == image.max():
                yield f"{path}: the {side} is one flat color"

    def _directed(self, a: Image, b: Image) -> tuple[Image, Image]:
        return (a, b) if self.direction == "AtoB" else (b, a)

    def _decode(self, index: int) -> tuple[Image, Image]:
        """A and B at full size."""
        pair = self.pairs[index]
        a = read_image(pair.a)
        if pair.b == pair.a:
            if a.shape[1] % 2:
                raise ImageReadError(f"{pair.a}: {a.shape[1]} pixels wide, which is no two images side by side")
            middle = a.shape[1] // 2
            return a[:, :middle], a[:, middle:]
        return a, (read_image(pair.b) if self.label_colors is None else read_labels(pair.b, self.label_colors))

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

    Attributes:
        default_direction: The one in which the data set is usually translated.
        label_colors: The colors of B's label ids; None if both sides are ordinary images.

    Raises:
        DatasetNotFoundError: If a folder of the split is missing or empty.
        DatasetError: If an image of two folders has no partner.
    """

    default_direction: ClassVar[Direction] = "AtoB"
    label_colors: Image | None = None

    def __init__(
        self,
        root: Path,
        split: str,
        direction: Direction | None = None,
        load_size: int = 256,
        jitter: Jitter | None = None,
        cache: bool = False,
    ) -> None:
        pairs = self.find_pairs(Path(root), split)
        super().__init__(pairs, direction or self.default_direction, load_size, jitter, cache, self.label_colors)

    @staticmethod
    @abstractmethod
    def find_pairs(root: Path, split: str) -> list[Pair]:
        """Where the pairs of a split lie; raises as the class does."""


def _files_by_key(name: str, folder: Path, remedy: str, key: Callable[[str], str | None]) -> dict[str, Path]:
    """The images of one side by what they share with their partners."""
    files: dict[str, Path] = {}
    for path in list_images(folder):
        shared = key(path.relative_to(folder).with_suffix("").as_posix())
        if shared is None:
            continue
        if shared in files:
            raise DatasetError(f"{name}: {path} is a namesake of {files[shared].name}: keep one of the two")
        files[shared] = path
    if not files:
        raise DatasetNotFoundError(name, folder, remedy)
    return files


def _require_partners(name: str, files: Mapping[str, Path], others: Mapping[str, Path], folder: Path) -> None:
    """Refuses images of one side without a partner among the others, which lie in the folder."""
    lonely = sorted(str(files[key]) for key in files.keys() - others.keys())
    if lonely:
        more = f" and {len(lonely) - 3} more" if len(lonely) > 3 else ""
        raise DatasetError(f"{name}: no partner in {folder} for {', '.join(lonely[:3])}{more}")
