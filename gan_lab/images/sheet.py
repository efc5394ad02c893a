"""Pictures for people: tensors as image files and contact sheets."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from gan_lab.errors import require
from gan_lab.files import atomic_write, fitting_name
from gan_lab.images.pixels import to_bytes
from gan_lab.images.signature import sign, software_tag

WRITTEN = frozenset({".bmp", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""The extensions of pictures that are written in the format that they were read in."""

_MARGIN = 4
_TITLE_HEIGHT = 18


def to_image(tensor: Tensor) -> Image.Image:
    """One image (1 or 3, H, W) in [-1, 1], rounded to 8 bits.

    Raises:
        ConfigurationError: If it has another number of channels.
    """
    fits = tensor.ndim == 3 and tensor.shape[0] in (1, 3)
    require(fits, f"an image has shape (1, H, W) or (3, H, W), got {tuple(tensor.shape)}")
    pixels = to_bytes(tensor).cpu().permute(1, 2, 0).numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def draw_sheet(rows: Sequence[Mapping[str, Image.Image]], side: int = 256) -> Image.Image:
    """A contact sheet: a row a sample, a titled column a named image, each within ``side`` pixels.

    A column is at least as wide as its title. Samples of a single image fill a grid, as wide as it is high or one
    wider, from left to right.
    """
    titles, font = list(rows[0]), ImageFont.load_default(size=12)
    cells = [[_fit(row[title], side) for title in titles] for row in rows]
    if len(titles) == 1:
        columns = math.ceil(math.sqrt(len(cells)))
        images = [image for (image,) in cells]
        cells = [images[start : start + columns] for start in range(0, len(images), columns)]
        titles += [""] * (columns - 1)
    widths = [max(row[column].width for row in cells if column < len(row)) for column in range(len(titles))]
    if len(rows[0]) > 1:
        widths = [max(width, math.ceil(font.getlength(title))) for width, title in zip(widths, titles, strict=True)]
    heights = [max(cell.height for cell in row) for row in cells]
    sheet = Image.new(
        "RGB",
        (sum(widths) + _MARGIN * (len(widths) + 1), sum(heights) + _MARGIN * (len(heights) + 1) + _TITLE_HEIGHT),
        "white",
    )
    draw = ImageDraw.Draw(sheet)
    left = _MARGIN
    for column, title in enumerate(titles):
        draw.text((left, 2), title, fill="black", font=font)
        top = _TITLE_HEIGHT + _MARGIN
        for row, height in zip(cells, heights, strict=True):
            if column < len(row):
                sheet.paste(row[column], (left, top))
            top += height + _MARGIN
        left += widths[column] + _MARGIN
    return sheet


def draw_grid(cells: Mapping[tuple[int, int], Path], side: int = 256) -> Image.Image:
    """Image files of one size by their row and column, each within ``side`` pixels; a place without one stays white."""
    pictures = {}
    for place, path in cells.items():
        with Image.open(path) as image:
            pictures[place] = _fit(image, side)
    width, height = next(iter(pictures.values())).size
    rows, columns = (1 + max(place[axis] for place in cells) for axis in (0, 1))
    grid = Image.new("RGB", (columns * (width + _MARGIN) + _MARGIN, rows * (height + _MARGIN) + _MARGIN), "white")
    for (row, column), picture in pictures.items():
        grid.paste(picture, (_MARGIN + column * (width + _MARGIN), _MARGIN + row * (height + _MARGIN)))
    return grid


def batch_rows(images: Mapping[str, Tensor]) -> list[dict[str, Image.Image]]:
    """Named batches (B, C, H, W) as B rows of named images."""
    size = min(len(batch) for batch in images.values())
    return [{name: to_image(batch[index]) for name, batch in images.items()} for index in range(size)]


def written_name(name: str) -> str:
    """The name of a file that is made of another: the same, with ``.png`` added where its kind is only read.

    As GIFs, which have 256 colors, or AVIFs pictures are not written. A name that would be too long is cut.
    """
    if Path(name).suffix.lower() in WRITTEN:
        return name
    place, slash, own = name.rpartition("/")
    return f"{place}{slash}{fitting_name(own, '.png')}"


def sheet_beside(folder: Path) -> Path:
    """Where the sheet of a folder's pictures is written: beside it, for within it could replace one of them."""
    return folder.with_name(fitting_name(folder.name, "_sheet.png"))


def save_image(image: Image.Image, path: Path) -> None:
    """Writes and signs an image in the format of its name, at the best quality.

    It replaces an older one only when it is whole.
    """
    with atomic_write(path) as partial:
        encoded = io.BytesIO()  # of a file that it cannot write to Pillow does not say why
        kind = Image.registered_extensions()[path.suffix.lower()]
        image.save(encoded, kind, quality=95, exif=software_tag())
        partial.write_bytes(encoded.getbuffer())
        sign(partial)


def _fit(image: Image.Image, side: int) -> Image.Image:
    image = image.convert("RGB")
    if max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def as_array(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A sheet as loggers want it: uint8 (H, W, 3)."""
    return np.asarray(image, dtype=np.uint8)
