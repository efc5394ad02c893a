"""Two kinds of image without pairs."""

import random
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor
from torch.utils.data import Dataset

from gan_lab.datasets.images import list_images, read_image, to_tensor
from gan_lab.errors import DatasetNotFoundError
from gan_lab.samples import UnpairedSample
from gan_lab.transforms import Jitter, resize


class UnpairedImages(Dataset[UnpairedSample]):
    """Images of kind A, each with one of kind B: a random one in training, the next one in evaluation.

    Args:
        folder_a: Images of kind A, also in subfolders.
        folder_b: Images of kind B.
        load_size: Side in pixels to which images are scaled, whatever their aspect.
        jitter: Random crop and flip, drawn for each image by itself; None leaves them as they are, and B in order.

    Raises:
        DatasetNotFoundError: If a folder is missing or has no image.
    """

    def __init__(self, folder_a: Path, folder_b: Path, load_size: int, jitter: Jitter | None = None) -> None:
        self.folders = Path(folder_a), Path(folder_b)
        self.paths_a, self.paths_b = (list_images(folder) for folder in self.folders)
        for folder, paths in zip(self.folders, (self.paths_a, self.paths_b), strict=True):
            if not paths:
                remedy = "It should hold the images of one kind: correct data.root, or data.folder_a and data.folder_b."
                raise DatasetNotFoundError("UnpairedImages", folder, remedy)
        self.load_size = load_size
        self.jitter = jitter

    def __len__(self) -> int:
        return max(len(self.paths_a), len(self.paths_b))  # the smaller kind is seen several times

    def __getitem__(self, index: int) -> UnpairedSample:
        """Decodes one image of each kind; raises ImageReadError, naming the file, if that fails."""
        path_a = self.paths_a[index % len(self.paths_a)]
        path_b = self.paths_b[index % len(self.paths_b)] if self.jitter is None else random.choice(self.paths_b)
        name = path_a.relative_to(self.folders[0]).as_posix()
        return {"a": self._load(path_a), "b": self._load(path_b), "name": name}

    def files(self, index: int) -> list[Path]:
        """The files that an index stands for in evaluation, each once over all indices."""
        return [paths[index] for paths in (self.paths_a, self.paths_b) if index < len(paths)]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes an index's files and yields what is unusual about them."""
        for path in self.files(index):
            height, width = read_image(path).shape[:2]
            if 2 * min(height, width) < self.load_size:
                yield f"{path}: {width}x{height} is enlarged more than twice to {self.load_size}"
            if max(height, width) > 2 * min(height, width):
                yield f"{path}: {width}x{height} is squeezed into a square"

    def _load(self, path: Path) -> Tensor:
        image = resize(read_image(path), self.load_size)
        return to_tensor(image if self.jitter is None else self.jitter(image)[0])
