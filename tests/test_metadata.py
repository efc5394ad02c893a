"""Pixels are read whatever else a file holds."""

import struct
import warnings
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from gan_lab.datasets.dark_pictures import Brightest, brightest
from gan_lab.datasets.images import read_image, read_labels
from gan_lab.datasets.metadata import without_metadata
from gan_lab.errors import ImageReadError

PICTURE = np.random.default_rng(0).integers(0, 255, (24, 40, 3), dtype=np.uint8)
MIB = 1 << 20


def encoded(extension: str, image: np.ndarray = PICTURE, **options) -> bytes:
    file = BytesIO()
    Image.fromarray(image).save(file, extension, **options)
    return file.getvalue()


def texts(count: int, size: int, compressed: bool) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for number in range(count):
        info.add_text(f"key {number}", "a" * size, zip=compressed)
    return info


def itxt(size: int) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("key", "a" * size, zip=True)
    return info


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage!!",
        b"\0\1\2",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40,
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x05\0\x01\0\0\0\xff\xff\xff\x7f\0\0\0\0",  # an orientation far away
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0\0\0\0\0",  # an orientation of 99
    ],
)
@pytest.mark.parametrize("kind", ["png", "webp", "jpeg", "gray jpeg", "deep png"])
def test_exif_without_a_sense_is_ignored(tmp_path, kind, exif):
    image = {"gray jpeg": PICTURE[..., 0], "deep png": PICTURE[..., 0].astype(np.uint16) * 257}.get(kind, PICTURE)
    extension, options = kind.split()[-1], {"lossless": True} if kind == "webp" else {}
    (tmp_path / "plain").write_bytes(encoded(extension, image, **options))
    (tmp_path / "exif").write_bytes(encoded(extension, image, exif=exif, **options))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(read_image(tmp_path / "exif"), read_image(tmp_path / "plain"))


@pytest.mark.parametrize(
    "options",
    [
        {"pnginfo": texts(1, 3 * MIB, compressed=True)},
        {"pnginfo": texts(1, 65 * MIB, compressed=False)},
        {"pnginfo": texts(80, MIB - 1, compressed=True)},
        {"pnginfo": itxt(3 * MIB)},
        {"icc_profile": bytes(3 * MIB)},
        {"icc_profile": b"garbage"},
    ],
)
def test_long_texts_and_large_profiles_of_a_png_are_ignored(tmp_path, options):
    path = tmp_path / "x.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    path.write_bytes(encoded("png", exif=exif, **options))
    np.testing.assert_array_equal(read_image(path), np.rot90(PICTURE, -1))

    deep = PICTURE[..., 0].astype(np.uint16)
    path.write_bytes(encoded("png", deep, **options))
    np.testing.assert_array_equal(read_image(path, white_level=255)[..., 0], deep)
    assert brightest(path) == Brightest(int(deep.max()), 65535)

    path.write_bytes(encoded("png", PICTURE[..., 0] % 4, **options))
    colors = np.arange(12, dtype=np.uint8).reshape(4, 3)
    np.testing.assert_array_equal(read_labels(path, colors), colors[PICTURE[..., 0] % 4])


def test_transparency_stays_where_texts_do_not(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(encoded("png", PICTURE[..., 0], transparency=int(PICTURE[0, 0, 0]), pnginfo=itxt(3 * MIB)))
    assert read_image(path)[0, 0].tolist() == [255, 255, 255]
    assert read_image(path)[0, 1].tolist() == [PICTURE[0, 1, 0]] * 3


def test_damage_in_a_text_is_ignored_and_in_the_pixels_is_not(tmp_path):
    whole = encoded("png", pnginfo=texts(1, 100, compressed=False))
    path = tmp_path / "x.png"
    path.write_bytes(whole.replace(b"aaaa", b"aaab", 1))
    np.testing.assert_array_equal(read_image(path), PICTURE)
    for broken in (whole[:-200], whole.replace(b"IDAT", b"IDAU"), whole[:40]):
        path.write_bytes(broken)
        with pytest.raises(ImageReadError, match=r"x\.png: ."):
            read_image(path)


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def test_what_a_jpeg_needs_stays():
    exif = Image.Exif()
    exif[0x0112] = 6
    cmyk = BytesIO()
    Image.fromarray(PICTURE).convert("CMYK").save(cmyk, "jpeg", exif=exif)
    whole = cmyk.getvalue()
    garbage = segment(0xE2, b"MPF\0garbage") + segment(0xFE, b"a comment") + segment(0xED, b"Photoshop 3.0\0garbage")
    assert without_metadata(whole[:2] + garbage + whole[2:]) == whole
    for short in range(0, len(whole), 7):
        assert whole.startswith(without_metadata(whole[:short]))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "x.png"
    path.write_bytes(encoded("png", exif=exif))
    np.testing.assert_array_equal(read_image(path), np.asarray(ImageOps.exif_transpose(Image.open(path))))
