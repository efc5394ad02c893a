"""What gan-lab's pictures, films and poses say of themselves: whoever made a file may replace it."""

import os
import struct
from pathlib import Path

from PIL import ExifTags, Image

SIGNATURE = "made by gan-lab"

_SIGNATURE = SIGNATURE.encode()
_SEARCHED = 4096  # bytes at either end


def software_tag() -> Image.Exif:
    """The signature as EXIF, which PIL writes into JPEG, PNG, TIFF and WebP."""
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = SIGNATURE
    return exif


def sign(path: Path) -> None:
    """Signs a finished file of a kind that PIL and OpenCV write without a word about its maker; others are left alone.

    In an MP4 it is a free box, in a PPM a comment; after the pixels of a BMP nobody reads.
    """
    match path.suffix.lower():
        case ".mp4":
            _append(path, struct.pack(">I4s", 8 + len(_SIGNATURE), b"free") + _SIGNATURE)
        case ".bmp":
            _append(path, _SIGNATURE)
        case ".ppm":
            content = path.read_bytes()
            path.write_bytes(content[:3] + b"# " + _SIGNATURE + b"\n" + content[3:])  # P6 and the end of its line


def is_signed(path: Path) -> bool:
    """Whether a file is of gan-lab's making, by what it says near its beginning or its end; folders are not."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        beginning = file.read(_SEARCHED)
        file.seek(max(0, file.seek(0, os.SEEK_END) - _SEARCHED))
        return _SIGNATURE in beginning or _SIGNATURE in file.read()


def _append(path: Path, end: bytes) -> None:
    with path.open("ab") as file:
        file.write(end)
