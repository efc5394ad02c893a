"""Decoding image files."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Literal, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PILImage
from PIL import UnidentifiedImageError
from torch import Tensor

from gan_lab.datasets.depth import deep_values, eight_bits, gray_step, white_of
from gan_lab.datasets.folders import list_images
from gan_lab.datasets.jpeg_damage import refuse_damaged
from gan_lab.datasets.metadata import UNREADABLE, decode_pixels, upright
from gan_lab.errors import DatasetNotFoundError, ImageReadError, require_numbers
from gan_lab.images.transforms import Box, Image, crop

_NO_LABELS = ("AVIF", "HEIF", "JPEG", "MPO", "PPM")
_LOSSY = ("jpeg", "tiff_jpeg", "webp")  # compressions of TIFF
_JPEG_END = b"\xff\xd9"
_JPEG_MODES = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


@dataclass(frozen=True, slots=True)
class ImageFile:
    """Where an image lies.

    Attributes:
        path: Its file.
        name: Its path relative to the data set's folder.
        box: The part of the file that is the image; None for the whole.
        white_level: See :func:`read_image`.
    """

    path: Path
    name: str
    box: Box | None = None
    white_level: int | None = None

    def read(self, target_side: int | None = None) -> Image:
        """Decodes it to uint8 RGB (H, W, 3); raises ImageReadError, naming the file, if that fails.

        Args:
            target_side: See :func:`read_image`; the part of a file that is in a box always comes at full size.
        """
        if self.box is not None:
            return crop(read_image(self.path, white_level=self.white_level), self.box)
        return read_image(self.path, target_side, self.white_level)


File = TypeVar("File", bound=ImageFile)


def images_below(
    name: str,
    folder: Path,
    remedy: str = "It should hold the pictures to learn from: correct data.root.",
    box: Box | None = None,
) -> list[ImageFile]:
    """The images of a folder and its subfolders.

    Args:
        name: The data set.
        folder: Where they lie.
        remedy: The end of the message if there is none.
        box: The part of each file that is the image; None for the whole.

    Raises:
        ConfigurationError: If the box is empty, or larger than any picture.
        DatasetNotFoundError: If the folder has no image.
    """
    if box is not None:
        sides = {"the width of data.box": box[2] - box[0], "the height of data.box": box[3] - box[1]}
        require_numbers(sides, at_least=1, at_most=20_000)
    paths = list_images(folder)
    if not paths:
        raise DatasetNotFoundError(name, folder, remedy)
    return [ImageFile(path, path.relative_to(folder).as_posix(), box) for path in paths]


def with_white_level(images: Sequence[File], white_level: int | None) -> Sequence[File]:
    """The same images, to be read as :func:`read_image` does with this white level."""
    return images if white_level is None else [replace(image, white_level=white_level) for image in images]


def read_image(path: Path, target_side: int | None = None, white_level: int | None = None) -> Image:
    """Decodes an image file to 8-bit RGB.

    The EXIF orientation is applied; gray is repeated over the channels; transparency is laid over white; up to 16 bits
    are scaled to 8; CMYK and the like are converted without a color profile; of an animation the first frame is taken.
    Other metadata are ignored, and so are those that cannot be read.

    Args:
        path: The file.
        target_side: The side, in pixels, of the square to which the caller is going to scale the image: a large JPEG
            is then decoded at a half, a quarter or an eighth of its size, never below twice this, and images have up
            to 179 million pixels. None decodes at full size, up to 89 million pixels.
        white_level: The value that becomes 255 in files of more than 8 bits a channel; None for the largest that the
            file's depth holds, such as 65535.

    Returns:
        A uint8 array (H, W, 3).

    Raises:
        ImageReadError: If the file is missing, truncated, a JPEG damaged inside, no image, too large, of pixels without
            a known range, or of a value above ``white_level``.
    """
    with _named(path), warnings.catch_warnings():  # PIL warns above 89 million pixels and refuses twice that
        action: Literal["error", "ignore"] = "error" if target_side is None else "ignore"
        warnings.simplefilter(action, PILImage.DecompressionBombWarning)
        return decode_pixels(lambda encoded: _decode(encoded, target_side, white_level), path.read_bytes())


def read_labels(path: Path, colors: Image) -> Image:
    """Decodes a file of label ids and draws each id in its color.

    Args:
        path: The file, a gray image whose numbers, of however many bits, are the ids; or one with a palette, whose
            indices are.
        colors: The color of each id from 0, uint8 (N, 3).

    Returns:
        A uint8 array (H, W, 3).

    Raises:
        ImageReadError: If the file cannot be decoded, is in color or of a kind that changes numbers, or has an id
            without a color.
    """
    with _named(path), warnings.catch_warnings():
        warnings.simplefilter("error", PILImage.DecompressionBombWarning)
        ids = decode_pixels(_label_ids, path.read_bytes())
        for label in (int(ids.min()), int(ids.max())):
            if not 0 <= label < len(colors):
                raise ValueError(f"label {label}, but they are numbered from 0 to {len(colors) - 1}")
        return np.asarray(colors[ids], dtype=np.uint8)


def read_drawn_labels(path: Path, colors: Image, white_level: int | None = None) -> Image:
    """Decodes a label map that is drawn in its colors, as a picture is, or holds ids, as :func:`read_labels` does.

    Args:
        path: The file. One in gray or with a palette holds ids, unless every color in it is one of a label.
        colors: The color of each id from 0, uint8 (N, 3).
        white_level: See :func:`read_image`.

    Returns:
        A uint8 array (H, W, 3).

    Raises:
        ImageReadError: As of the two.
    """
    with _named(path), PILImage.open(path) as image:
        mode = image.mode
    if mode in ("P", "PA"):
        drawn = np.unique(read_image(path).reshape(-1, 3), axis=0)
        numbered = not (drawn[:, None] == colors).all(axis=2).any(axis=1).all()
    else:
        numbered = mode in ("1", "L", "LA", "I") or mode.startswith("I;")
    return read_labels(path, colors) if numbered else read_image(path, white_level=white_level)


def shape_oddities(image: ImageFile, load_size: int) -> Iterator[str]:
    """Decodes an image and yields what is unusual about scaling it to ``load_size`` x ``load_size`` pixels."""
    height, width = image.read().shape[:2]
    if 2 * min(height, width) < load_size:
        yield f"{image.path}: {width}x{height} is enlarged more than twice to {load_size}"
    if max(height, width) > 2 * min(height, width):
        yield f"{image.path}: {width}x{height} is squeezed into a square"


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turns what reading and decoding raise into an ImageReadError with the file's path."""
    try:
        yield
    except FileNotFoundError:
        raise ImageReadError(f"{path}: no such file") from None
    except (*UNREADABLE, PILImage.DecompressionBombError, PILImage.DecompressionBombWarning) as error:
        reason = "no image that can be decoded" if isinstance(error, UnidentifiedImageError) else error
        raise ImageReadError(f"{path}: {reason}") from None


def _decode(encoded: bytes, target_side: int | None, white_level: int | None) -> Image:
    """The pixels of an image file; whatever PIL raises of a bad one."""
    with PILImage.open(BytesIO(encoded)) as image:
        reduction = 1 if target_side is None else _reduction(image.size, 2 * target_side)
        if image.format in ("JPEG", "MPO"):
            refuse_damaged(encoded)
        if image.format == "JPEG" and image.mode == "RGB" and encoded.rstrip(b"\0").endswith(_JPEG_END):
            return _decode_jpeg(encoded, reduction)
        white = white_of(image, encoded)
        if white is not None:
            return _to_rgb(upright(eight_bits(image, encoded, white_level or white), image))
        image.draft(None, (image.width // reduction, image.height // reduction))  # JPEGs only
        image.load()
        return _to_rgb(upright(image, image))


def _label_ids(encoded: bytes) -> NDArray[np.int32]:
    """The numbers (H, W) of an image of label ids, upright and never scaled."""
    with PILImage.open(BytesIO(encoded)) as image:
        lossy = image.info.get("compression") in _LOSSY or (image.format == "WEBP" and b"VP8L" not in encoded)
        if lossy or image.format in _NO_LABELS or image.mode == "F":
            raise ValueError(
                "the numbers of labels are not kept by JPEG, AVIF, HEIF, lossy WebP, PPM and floating-point pixels: "
                "save a PNG"
            )
        whole = image.mode == "I" or white_of(image, encoded) is None
        numbers = np.atleast_3d(np.asarray(image) if whole else deep_values(image, encoded))
        if numbers.shape[2] > 2 and (numbers[..., :3] != numbers[..., :1]).any():
            raise ValueError("colors where each pixel should be the number of a label")
        numbers = numbers[..., 0].astype(np.int32) // gray_step(image, encoded)
        return np.asarray(upright(PILImage.fromarray(numbers), image))


def _reduction(size: tuple[int, int], least: int) -> int:
    """By what a JPEG of this size can be divided while it is decoded, with both sides left at least so long."""
    return next((factor for factor in (8, 4, 2) if min(size) >= factor * least), 1)


def _decode_jpeg(encoded: bytes, reduction: int) -> Image:
    """A whole JPEG's pixels, the same as PIL's in half the time; OpenCV would not say if the file were truncated."""
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), _JPEG_MODES[reduction])
    if pixels is None:
        raise ValueError("no image that can be decoded")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _to_rgb(image: PILImage.Image) -> Image:
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = PILImage.alpha_composite(PILImage.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("RGB"))


def to_tensor(image: Image) -> Tensor:
    """Turns an array (H, W, C) into a tensor (C, H, W) of the same numbers."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
