"""A folder of single images."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from gan_lab.datasets.images import read_drawn_labels, read_image, to_tensor
from gan_lab.datasets.prediction_data import folder_of, pictures_below, translate_alone
from gan_lab.errors import DatasetNotFoundError
from gan_lab.images.transforms import Image
from gan_lab.samples import SourceSample, TranslateRequest


class ImageFolder(Dataset[SourceSample]):
    """The images below a folder, or a single one, each at its own size.

    Args:
        folder: Where the images lie, also in subfolders; or one image file.
        white_level: See :func:`~gan_lab.datasets.images.read_image`.
        output_folder: Where predictions are written: see :func:`pictures_below`.
        label_colors: The color of each label id if the pictures are label maps, which may hold ids: see
            :func:`~gan_lab.datasets.images.read_drawn_labels`.

    Raises:
        DatasetNotFoundError: If there is no such folder or file, or no image in it.
    """

    def __init__(
        self,
        folder: Path,
        white_level: int | None = None,
        output_folder: Path | None = None,
        label_colors: Image | None = None,
    ) -> None:
        self.folder = folder_of(Path(folder))
        self.white_level = white_level
        self.label_colors = label_colors
        self.paths = pictures_below(Path(folder), output_folder)
        if not self.paths:
            raise DatasetNotFoundError("images", Path(folder), "Give a folder with the pictures to translate, or one.")

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> SourceSample:
        """Decodes one image; raises ImageReadError, naming the file, if that fails."""
        path = self.paths[index]
        return {"source": to_tensor(self._read(path)), "name": path.relative_to(self.folder).as_posix()}

    def request(self, batch: dict[str, Any]) -> TranslateRequest:
        """Asks for translations."""
        return translate_alone(batch)

    def files(self, index: int) -> list[Path]:
        """The file of one sample."""
        return [self.paths[index]]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes one image; nothing that can be decoded is odd."""
        self._read(self.paths[index])
        yield from ()

    def _read(self, path: Path) -> Image:
        if self.label_colors is None:
            return read_image(path, white_level=self.white_level)
        return read_drawn_labels(path, self.label_colors, self.white_level)
