"""Deep files whose values are far from white: values of 8 or 12 bits in files of 16, which would come out black."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from PIL import Image as PILImage

from gan_lab.datasets.depth import deep_values, white_of
from gan_lab.datasets.folders import is_image
from gan_lab.datasets.metadata import UNREADABLE, decode_pixels
from gan_lab.datasets.paired_images import PairedImages
from gan_lab.terminal import say

_SAMPLES = 16  # of a data set that are looked at before training


class Brightest(NamedTuple):
    """The largest value of a file of more than 8 bits, and the largest that its depth holds."""

    value: int
    white: int


@runtime_checkable
class _OfFiles(Protocol):
    """A dataset whose samples come from files."""

    def __len__(self) -> int: ...

    def files(self, index: int) -> list[Path]: ...


def brightest(path: Path) -> Brightest | None:
    """Looks into an image file; None for one of 8 bits, and for one that cannot be decoded."""
    if not is_image(path.name):
        return None
    try:
        return decode_pixels(_brightest, path.read_bytes())
    except (*UNREADABLE, PILImage.DecompressionBombError):
        return None


def _brightest(encoded: bytes) -> Brightest | None:
    with PILImage.open(BytesIO(encoded)) as image:
        white = white_of(image, encoded)
        if white is None:
            return None
        return Brightest(int(np.atleast_3d(deep_values(image, encoded))[..., :3].max()), white)


def pictures(data: _OfFiles, index: int) -> list[Path]:
    """The files of a sample whose values are brightness: all but maps of label ids."""
    files = data.files(index)
    if getattr(data, "label_colors", None) is None:
        return files
    return files[:1] if isinstance(data, PairedImages) else []


def darkness(found: Iterable[Brightest | None], white_level: int | None) -> str | None:
    """A sentence about deep files of which none reaches half of white; None if there are none, or one does.

    Args:
        found: Of each file, what :func:`brightest` says.
        white_level: The value that is taken for white; None for the largest that a file's depth holds.
    """
    deep = [file for file in found if file is not None]
    if not deep:
        return None
    value, white = max(((file.value, white_level or file.white) for file in deep), key=lambda pair: pair[0] / pair[1])
    if 2 * value >= white:
        return None
    meant = next(2**bits - 1 for bits in range(8, 17) if value < 2**bits)
    return f"brightest value {value} of {white} in {len(deep)} files of 16 bits: should data.white_level be {meant}?"


def darkness_of_files(found: Mapping[Path, Brightest | None], white_level: int | None) -> str | None:
    """:func:`darkness` of all files, or of those of a folder, which may be one side of the pairs.

    Args:
        found: What :func:`brightest` says of each file.
        white_level: As of :func:`darkness`.
    """
    folders: dict[Path, list[Brightest | None]] = {}
    for path, of_file in found.items():
        folders.setdefault(path.parent, []).append(of_file)
    by_folder = ((folder, darkness(files, white_level)) for folder, files in folders.items())
    return darkness(found.values(), white_level) or next(
        (f"{folder}: {dark}" for folder, dark in by_folder if dark is not None), None
    )


def say_if_dark(data: Any, white_level: int | None) -> None:
    """Warns if :func:`darkness_of_files` has something to say of some samples from all over a dataset."""
    if not isinstance(data, _OfFiles):
        return
    indices = sorted({number * len(data) // _SAMPLES for number in range(_SAMPLES)}) if len(data) else []
    paths = [path for index in indices for path in pictures(data, index)]
    dark = darkness_of_files({path: brightest(path) for path in paths}, white_level)
    if dark is not None:
        say(dark)
