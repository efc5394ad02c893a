"""Image files of more than 8 bits a channel: their numbers, and which one of them is white."""

import re

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

_PNG_DEPTH = 24  # the byte of a PNG file that says how many bits a channel has
_PPM_HEADER = re.compile(rb"P[56]\s(?:\s*#[^\n]*\n)*\s*\d+\s+\d+\s+(\d+)\s")
_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # TIFF's tags


def white_of(image: PILImage.Image, encoded: bytes) -> int | None:
    """The largest value that a file's depth holds; None for 8 bits and fewer.

    Args:
        image: The file, opened by PIL.
        encoded: Its bytes.

    Raises:
        ValueError: If its numbers have no known range.
    """
    tags = getattr(image, "tag_v2", {})
    bits = 16 if image.format == "PNG" and encoded[_PNG_DEPTH] == 16 else max(tags.get(_BITS, (8,)))
    signed = any(kind not in (1, 4) for kind in tags.get(_SAMPLE_FORMAT, (1,)))
    header = _PPM_HEADER.match(encoded)
    if header:
        return int(header[1]) if int(header[1]) > 255 else None
    if bits > 16 or signed or image.mode == "F" or (image.mode == "I" and bits == 8):
        kind = "floating-point pixels" if image.mode == "F" else "pixels of 32 bits or with a sign"
        raise ValueError(f"{kind} have no known range; save it with 8 or 16 bits")
    return 2**bits - 1 if bits > 8 else None


def deep_values(image: PILImage.Image, encoded: bytes) -> NDArray[np.uint16]:
    """A deep file's numbers as they are, not turned upright: (H, W) gray, (H, W, 3) RGB, (H, W, 4) with opacity.

    Raises:
        ValueError: If it is neither gray nor RGB.
    """
    image.load()  # says if the file is truncated
    if image.mode.startswith("I") and image.format != "PPM":
        gray = np.asarray(image).astype(np.uint16)
        return 65535 - gray if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0 else gray  # TIFF's "white is 0"
    values = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)  # PIL has 8 bits of these
    if values is None or values.dtype != np.uint16 or image.mode not in ("I", "LA", "RGB", "RGBA"):
        raise ValueError(f"more than 8 bits a channel of {image.mode}: save it as gray or RGB")
    values = values if values.ndim == 2 else values[..., [2, 1, 0, 3][: values.shape[2]]]
    return np.asarray(values, dtype=np.uint16)


def gray_step(image: PILImage.Image, encoded: bytes) -> int:
    """By what PIL multiplies the numbers of a gray file of 2 or 4 bits; 1 for all others."""
    bits = encoded[_PNG_DEPTH] if image.format == "PNG" else max(getattr(image, "tag_v2", {}).get(_BITS, (8,)))
    return 255 // (2**bits - 1) if image.mode == "L" and bits in (2, 4) else 1


def eight_bits(image: PILImage.Image, encoded: bytes, white: int) -> PILImage.Image:
    """A deep file as an image of 8 bits, not turned upright.

    Args:
        image: The file, opened by PIL.
        encoded: Its bytes.
        white: The value that becomes 255.

    Raises:
        ValueError: If a value is above white.
    """
    values = deep_values(image, encoded)
    brightest = int(np.atleast_3d(values)[..., :3].max())
    if brightest > white:
        raise ValueError(f"brightest value {brightest}, above the white of {white}: raise data.white_level")
    table = ((np.arange(white + 1, dtype=np.uint32) * 255 + white // 2) // white).astype(np.uint8)
    return PILImage.fromarray(table[np.minimum(values, white)])  # opacity may have a range of its own
