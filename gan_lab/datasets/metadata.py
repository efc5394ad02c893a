"""What image files hold beside their pixels: it is ignored where it cannot be read."""

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from PIL import Image as PILImage

Decoded = TypeVar("Decoded")

UNREADABLE = (OSError, SyntaxError, ValueError, RuntimeError)  # what PIL raises; the last of AVIF
_ORIENTATION = 0x0112  # Exif's
_TRANSPOSES = {
    2: PILImage.Transpose.FLIP_LEFT_RIGHT,
    3: PILImage.Transpose.ROTATE_180,
    4: PILImage.Transpose.FLIP_TOP_BOTTOM,
    5: PILImage.Transpose.TRANSPOSE,
    6: PILImage.Transpose.ROTATE_270,
    7: PILImage.Transpose.TRANSVERSE,
    8: PILImage.Transpose.ROTATE_90,
}
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_PNG_KEPT = frozenset({b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT"})  # transparency, orientation, animation
_JPEG_DROPPED = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})  # APP1 to APP15 but Adobe's APP14, and comments
_JPEG_SCAN = 0xDA


def upright(pixels: PILImage.Image, file: PILImage.Image) -> PILImage.Image:
    """An image, turned as the Exif orientation of the file that it was read from says; left as it is if that is none.

    Args:
        pixels: The image.
        file: The file, opened by PIL.
    """
    try:
        transpose = _TRANSPOSES.get(file.getexif().get(_ORIENTATION, 1))
    except Exception:  # PIL raises whatever comes of reading garbage: SyntaxError, struct.error, TypeError and more
        transpose = None
    return pixels if transpose is None else pixels.transpose(transpose)


def decode_pixels(decode: Callable[[bytes], Decoded], encoded: bytes) -> Decoded:
    """What a function makes of an image file, without the file's metadata if that is what it stumbles over.

    PIL refuses long texts, large color profiles and damaged ones, though none of them changes a pixel.

    Args:
        decode: Makes something of a file's bytes; raises one of ``UNREADABLE`` if it cannot.
        encoded: The bytes.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")  # it reads Exif too
        try:
            return decode(encoded)
        except UNREADABLE:
            bare = without_metadata(encoded)
            if bare != encoded:
                with suppress(*UNREADABLE):
                    return decode(bare)
            raise


def without_metadata(encoded: bytes) -> bytes:
    """A PNG or a JPEG without texts, color profiles, thumbnails and what is damaged beside the pixels.

    What the pixels need stays, and so does Exif, which has the orientation. Files of other kinds are handed back.
    """
    if encoded.startswith(_PNG):
        return _PNG + b"".join(_png_chunks(encoded))
    if encoded.startswith(_JPEG):
        return _JPEG + b"".join(_jpeg_segments(encoded))
    return encoded


def _png_chunks(encoded: bytes) -> Iterator[bytes]:
    """The chunks to keep; what follows the last whole one comes as it is."""
    start = len(_PNG)
    while start + 12 <= len(encoded):
        length, kind = struct.unpack_from(">I4s", encoded, start)
        end = start + 12 + length
        if end > len(encoded):
            break
        critical = not kind[0] & 0x20  # a capital letter
        if critical or (kind in _PNG_KEPT and zlib.crc32(encoded[start + 4 : end - 4]) == _crc(encoded, end)):
            yield encoded[start:end]
        start = end
    yield encoded[start:]


def _crc(encoded: bytes, end: int) -> int:
    return int.from_bytes(encoded[end - 4 : end], "big")


def _jpeg_segments(encoded: bytes) -> Iterator[bytes]:
    """The segments to keep; the scans come as they are, and so does all that follows something unknown."""
    start = len(_JPEG)
    while start + 4 <= len(encoded) and encoded[start] == 0xFF and encoded[start + 1] != _JPEG_SCAN:
        marker, length = struct.unpack_from(">BH", encoded, start + 1)
        end = start + 2 + length
        if marker not in _JPEG_DROPPED or encoded[start + 4 : start + 8] == b"Exif":
            yield encoded[start:end]
        start = end
    yield encoded[start:]
