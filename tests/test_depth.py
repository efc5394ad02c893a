"""Files of more than 8 bits: their numbers, what is white in them, and label ids, which are never scaled."""

import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gan_lab.cli import main
from gan_lab.datamodules import (
    DegradedFolderDataModule,
    GrowingFolderDataModule,
    ImageFolderDataModule,
    PairedFolderDataModule,
    UnpairedFolderDataModule,
)
from gan_lab.datasets import ImageFolder, Persons
from gan_lab.datasets.dark_pictures import Brightest, brightest, darkness, darkness_of_files
from gan_lab.datasets.images import read_image
from gan_lab.errors import ConfigurationError, ImageReadError
from gan_lab.images.degradations import Gray
from gan_lab.schedules import GrowingSchedule
from tests import fakes

GRAY = np.linspace(0, 255, 64, dtype=np.uint8).reshape(8, 8)
RGB = np.stack([GRAY, 255 - GRAY, GRAY.T], axis=-1)
COLORS = np.arange(102, dtype=np.uint8).reshape(34, 3)
IDS = np.arange(32, dtype=np.uint8).reshape(4, 8)


def write(pixels: np.ndarray, path: Path) -> Path:
    """Writes 16 bits as they are, which PIL can do of gray pictures alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".ppm" and pixels.ndim == 2:
        path.write_bytes(b"P5\n# gray\n%d %d\n65535\n" % pixels.shape[::-1] + pixels.astype(">u2").tobytes())
    else:
        cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., ::-1]) if pixels.ndim == 3 else pixels)
    return path


def png_of_gray_and_opacity(pixels: np.ndarray, path: Path) -> Path:
    """A PNG of 16 bits of color type 4, which neither library writes."""
    return png_of_rows([row.tobytes() for row in pixels.astype(">u2")], pixels.shape[1], 16, 4, path)


def png_of_rows(rows: list[bytes], width: int, bits: int, color_type: int, path: Path) -> Path:
    """A PNG of rows that are packed already."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)

    header = width.to_bytes(4) + len(rows).to_bytes(4) + bytes([bits, color_type, 0, 0, 0])
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("extension", ["png", "tif", "ppm"])
@pytest.mark.parametrize(("factor", "white_level"), [(257, None), (1, 255), (16, 4080)])
def test_16_bits_are_scaled_by_what_is_white(tmp_path, extension, factor, white_level):
    for number, pixels in enumerate((RGB, GRAY)):
        path = write(pixels.astype(np.uint16) * factor, tmp_path / f"{number}.{extension}")
        expected = RGB if pixels.ndim == 3 else np.repeat(GRAY[..., None], 3, axis=2)
        assert np.array_equal(read_image(path, white_level=white_level), expected)


def test_opacity_of_16_bits_is_laid_over_white(tmp_path):
    pixels = np.stack([GRAY.astype(np.uint16) * 257, np.full((8, 8), 65535, np.uint16)], axis=-1)
    pixels[0, :, 1] = 0
    read = read_image(png_of_gray_and_opacity(pixels, tmp_path / "x.png"))
    assert (read[0] == 255).all()
    assert np.array_equal(read[1:], np.repeat(GRAY[1:, :, None], 3, axis=2))


def test_16_bits_are_turned_upright(tmp_path):
    image, exif = Image.fromarray(GRAY.astype(np.uint16) * 257), Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "x.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "x.png")[..., 0], np.rot90(GRAY, -1))


def test_8_bits_have_a_white_of_their_own(tmp_path):
    assert np.array_equal(read_image(write(RGB, tmp_path / "x.png"), white_level=100), RGB)


def test_a_tiff_whose_white_is_zero_is_not_inverted(tmp_path):
    Image.fromarray(GRAY.astype(np.uint16) * 257).save(tmp_path / "x.tif", tiffinfo={262: 0})
    assert np.array_equal(read_image(tmp_path / "x.tif")[..., 0], 255 - GRAY)


@pytest.mark.parametrize("kind", [np.int32, np.float32, np.int16])
def test_pixels_without_a_known_range_are_refused(tmp_path, kind):
    path = tmp_path / "x.tif"
    if kind is np.int16:
        cv2.imwrite(str(path), GRAY.astype(kind))
    else:
        Image.fromarray(GRAY.astype(kind)).save(path)
    with pytest.raises(ImageReadError, match=r"x\.tif: .*pixels.* have no known range; save it with 8 or 16 bits"):
        read_image(path)


def test_a_value_above_white_is_named(tmp_path):
    path = write(GRAY.astype(np.uint16) * 16, tmp_path / "x.png")
    with pytest.raises(ImageReadError, match=r"x\.png: brightest value 4080, above the white of 255: raise data"):
        read_image(path, white_level=255)


def test_a_truncated_file_of_16_bits_is_named(tmp_path):
    path = write(RGB.astype(np.uint16) * 257, tmp_path / "x.png")
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ImageReadError, match=r"x\.png: ."):
        read_image(path)


@pytest.mark.parametrize(
    ("found", "level", "sentence"),
    [
        ([Brightest(255, 65535), Brightest(9, 65535), None], None, "brightest value 255 of 65535 in 2 files of 16"),
        ([Brightest(256, 65535)], None, "data.white_level be 511"),
        ([Brightest(3900, 65535)], None, "data.white_level be 4095"),
        ([Brightest(16383, 65535)], None, "data.white_level be 16383"),
        ([Brightest(255, 65535)], 4095, "brightest value 255 of 4095"),
    ],
)
def test_dark_files_are_told_with_the_level_they_seem_to_have(found, level, sentence):
    assert sentence in (darkness(found, level) or "")


@pytest.mark.parametrize(
    ("found", "level"),
    [([Brightest(255, 65535), Brightest(40000, 65535)], None), ([Brightest(255, 65535)], 255), ([None], None), ([], 9)],
)
def test_one_bright_file_is_enough(found, level):
    assert darkness(found, level) is None


def test_one_dark_side_is_told_beside_a_bright_one():
    found = {Path("A/1.png"): Brightest(255, 65535), Path("B/1.png"): Brightest(65535, 65535), Path("B/2.png"): None}
    assert (darkness_of_files(found, None) or "").startswith("A: brightest value 255 of 65535 in 1 files of 16 bits")
    assert darkness_of_files(found | {Path("A/2.png"): Brightest(60000, 65535)}, None) is None


def test_the_brightest_value_is_that_of_the_file(tmp_path):
    assert brightest(write(GRAY.astype(np.uint16), tmp_path / "x.png")) == (255, 65535)
    assert brightest(write(RGB.astype(np.uint16) * 2, tmp_path / "x.tif")) == (510, 65535)
    assert brightest(write(RGB, tmp_path / "8.png")) is None
    (tmp_path / "broken.png").write_bytes(b"no")
    assert brightest(tmp_path / "broken.png") is None
    (tmp_path / "huge.ppm").write_bytes(b"P5 99999 99999 65535\n")
    assert brightest(tmp_path / "huge.ppm") is None


def bright(image: np.ndarray) -> bool:
    return bool(image.max() == 255)


def test_every_data_set_of_pictures_takes_the_white_level(tmp_path):
    for index in range(3):
        dark = fakes.drawing(index)[..., 0].astype(np.uint16)
        for folder in ("p/train/A", "p/train/B", "d/train", "u/trainA", "u/trainB", "one"):
            write(dark, tmp_path / folder / f"{index}.png")
    settings = {"white_level": 255, "num_workers": 0}
    sized = settings | {"image_size": 32, "load_size": 32, "flip": False}
    schedule = GrowingSchedule(16, 8, batch_sizes={8: 2, 16: 2})
    growing = GrowingFolderDataModule(tmp_path / "one", schedule, store_side=8, **settings).training_data()
    samples = [
        *PairedFolderDataModule(tmp_path / "p", **sized).training_data()[0].values(),
        *UnpairedFolderDataModule(tmp_path / "u", **sized).training_data()[0].values(),
        *DegradedFolderDataModule(tmp_path / "d", Gray(), **sized).training_data()[0].values(),
        ImageFolderDataModule(tmp_path / "one", image_size=28, **settings).training_data()[0]["image"],
        *(growing[0, side]["image"] for side in (8, 16)),
        ImageFolder(tmp_path / "one", 255)[0]["source"],
        Persons(tmp_path / "one", 32, white_level=255)[0]["image"],
    ]
    pictures = [sample.numpy() for sample in samples if not isinstance(sample, str)]
    assert len(pictures) == 11
    assert all(map(bright, pictures))


def test_a_store_of_small_images_is_of_its_white_level(tmp_path):
    schedule = GrowingSchedule(8, 8, batch_sizes={8: 2})
    for index in range(2):
        write(fakes.drawing(index)[..., 0].astype(np.uint16), tmp_path / f"{index}.png")
    black, white = (
        GrowingFolderDataModule(tmp_path, schedule, store=tmp_path / "store", white_level=level).training_data()
        for level in (None, 255)
    )
    assert [bright(data[0, 8]["image"].numpy()) for data in (black, white)] == [False, True]


@pytest.mark.parametrize("level", [0, -1, 70000])
def test_white_levels_out_of_range_are_refused(tmp_path, level):
    with pytest.raises(ConfigurationError, match=r"data\.white_level must be at least 1 and at most 65535, got"):
        ImageFolderDataModule(tmp_path, white_level=level)


def test_fit_and_check_say_that_files_are_dark(small, tmp_path, capsys):
    for folder in ("trainA", "trainB", "testA", "testB"):
        for index in range(3):
            write(fakes.drawing(index)[..., 0].astype(np.uint16), tmp_path / "own" / folder / f"{index}.png")
    dark = ["--config", str(small("cyclegan_folders")), f"--data.root={tmp_path / 'own'}"]
    assert main(["check", *dark]) == 0
    assert capsys.readouterr().out.count("odd: brightest value 255 of 65535 in 6 files of 16 bits") == 2  # test is val
    assert main(["check", *dark, "--data.white_level=255"]) == 0
    assert "brightest" not in capsys.readouterr().out
    assert main(["fit", *dark, "--trainer.max_steps=1"]) == 0
    said = capsys.readouterr().out
    assert "gan-lab: brightest value 255 of 65535 in 6 files of 16 bits: should data.white_level be 255?" in said
