"""Two kinds of image without pairs."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from torch import Tensor
from torch.utils.data import Dataset

from gan_lab.datasets.broken_files import BrokenFiles
from gan_lab.datasets.images import ImageFile, images_below, shape_oddities, to_tensor, with_white_level
from gan_lab.errors import ConfigurationError, ImageReadError
from gan_lab.images.transforms import Jitter, resize
from gan_lab.samples import UnpairedSample

Folders = tuple[Path | None, Path | None]


def find_kinds(root: Path | None, training: Folders, held_out: Folders) -> tuple[tuple[Path, Path], tuple[Path, Path]]:
    """The folders of both kinds of image to train on, and of both that are held out.

    Args:
        root: A folder of CycleGAN's layout, for those that are not given: ``trainA``, ``trainB``, ``testA``, ``testB``.
        training: Folders of domains A and B.
        held_out: Others of them; the same where nothing else is known.

    Raises:
        ConfigurationError: If nothing says where to train.
    """
    a, b = training
    if root is not None:
        a, b = a or Path(root) / "trainA", b or Path(root) / "trainB"
        held_out = held_out[0] or Path(root) / "testA", held_out[1] or Path(root) / "testB"
    if a is None or b is None:
        raise ConfigurationError("give data.root, or both data.folder_a and data.folder_b")
    return (Path(a), Path(b)), (Path(held_out[0] or a), Path(held_out[1] or b))


class UnpairedImages(Dataset[UnpairedSample]):
    """Images of domain A, each with one of domain B: a random one in training, the next one in evaluation.

    Args:
        images_a: Images of domain A, at least one: see :func:`~gan_lab.datasets.images.images_below`.
        images_b: Images of domain B, at least one.
        load_size: Side in pixels to which images are scaled, whatever their aspect.
        jitter: Random crop and flip, drawn for each image by itself; None leaves them as they are, and B in order.
    """

    def __init__(
        self, images_a: Sequence[ImageFile], images_b: Sequence[ImageFile], load_size: int, jitter: Jitter | None = None
    ) -> None:
        self.images_a = images_a
        self.images_b = images_b
        self.load_size = load_size
        self.jitter = jitter
        self.leave_out(0.0)

    def leave_out(self, max_fraction: float) -> None:
        """Has the next file of its kind stand in for each broken one: see :class:`BrokenFiles`."""
        self._broken_a = BrokenFiles("domain A", len(self.images_a), max_fraction)
        self._broken_b = BrokenFiles("domain B", len(self.images_b), max_fraction)

    @classmethod
    def below(
        cls, folders: tuple[Path, Path], load_size: int, jitter: Jitter | None = None, white_level: int | None = None
    ) -> Self:
        """The images below two folders.

        Args:
            folders: Of domains A and B.
            load_size: As of the class.
            jitter: As of the class.
            white_level: See :func:`~gan_lab.datasets.images.read_image`.

        Raises:
            DatasetNotFoundError: If a folder has no image.
        """
        remedy = "It should hold the images of one kind: correct data.root, or data.folder_a and data.folder_b."
        a, b = (with_white_level(images_below("UnpairedImages", folder, remedy), white_level) for folder in folders)
        return cls(a, b, load_size, jitter)

    def __len__(self) -> int:
        return max(len(self.images_a), len(self.images_b))  # the smaller kind is seen several times

    def __getitem__(self, index: int) -> UnpairedSample:
        """Decodes one image of each kind; raises ImageReadError, naming the file, if that fails."""
        return self.load(*self.pick(index))[2]

    def pick(self, index: int) -> tuple[int, int]:
        """Which images of domains A and B make up a sample; in training the second one is drawn anew each time."""
        count_b = len(self.images_b)
        return index % len(self.images_a), index % count_b if self.jitter is None else random.randrange(count_b)

    def load(self, index_a: int, index_b: int) -> tuple[int, int, UnpairedSample]:
        """Decodes one image of each kind, scales and jitters it; before them come the places of those it took."""
        index_a, a = self._broken_a.first_whole(index_a, lambda index: self._load(self.images_a[index]))
        index_b, b = self._broken_b.first_whole(index_b, lambda index: self._load(self.images_b[index]))
        return index_a, index_b, {"a": a, "b": b, "name": self.images_a[index_a].name}

    def files(self, index: int) -> list[Path]:
        """The files that an index stands for in evaluation, each once over all indices."""
        return [image.path for image in self._once(index)]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes an index's files and yields what is unusual about them; ImageReadError names all broken ones."""
        broken: list[str] = []
        for image in self._once(index):
            try:
                yield from shape_oddities(image, self.load_size)
            except ImageReadError as error:
                broken.append(str(error))
        if broken:
            raise ImageReadError("; ".join(broken))

    def _once(self, index: int) -> list[ImageFile]:
        return [images[index] for images in (self.images_a, self.images_b) if index < len(images)]

    def _load(self, image: ImageFile) -> Tensor:
        scaled = resize(image.read(), self.load_size)
        return to_tensor(scaled if self.jitter is None else self.jitter(scaled)[0])
