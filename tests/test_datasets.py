from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from gan_lab.datasets import EmojiPairs, Facades, ImageFolder, PairedImages
from gan_lab.datasets.folders import list_images
from gan_lab.datasets.images import read_image
from gan_lab.datasets.pair_layouts import matching_names, side_by_side
from gan_lab.errors import DatasetError, DatasetNotFoundError, ImageReadError
from gan_lab.images.transforms import Jitter, resize
from tests import fakes

GRADIENT = np.linspace(0, 255, 64, dtype=np.uint8).reshape(8, 8)


def saved(path: Path, image: Image.Image, **options) -> np.ndarray:
    image.save(path, **options)
    return read_image(path)


def test_gray_is_repeated_over_three_channels(tmp_path):
    pixels = saved(tmp_path / "x.png", Image.fromarray(GRADIENT))
    assert pixels.shape == (8, 8, 3)
    assert (pixels == GRADIENT[..., None]).all()


def test_16_bits_are_scaled_to_8(tmp_path):
    pixels = saved(tmp_path / "x.png", Image.fromarray(GRADIENT.astype(np.uint16) * 257))
    assert (pixels == GRADIENT[..., None]).all()


def test_transparency_is_laid_over_white(tmp_path):
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = [200, 0, 0, 255]
    rgba[0, 1] = [200, 0, 0, 0]
    rgba[1, 0] = [0, 0, 0, 51]  # a fifth of black over white
    pixels = saved(tmp_path / "x.png", Image.fromarray(rgba))
    assert pixels[0, 0].tolist() == [200, 0, 0]
    assert pixels[0, 1].tolist() == [255, 255, 255]
    assert pixels[1, 0].tolist() == [204, 204, 204]


def test_a_transparent_palette_is_laid_over_white_too(tmp_path):
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    palette.putpalette([255, 0, 0, 0, 0, 255])
    pixels = saved(tmp_path / "x.png", palette, transparency=1)
    assert pixels.tolist() == [[[255, 0, 0], [255, 255, 255]]]


def test_exif_orientation_is_applied(tmp_path):
    image = Image.fromarray(np.uint8([[[255, 0, 0], [0, 0, 255]]]))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it upright
    pixels = saved(tmp_path / "x.png", image, exif=exif)
    assert pixels.tolist() == [[[255, 0, 0]], [[0, 0, 255]]]


def test_cmyk_becomes_rgb(tmp_path):
    image = Image.fromarray(np.full((16, 16, 4), [0, 255, 255, 0], np.uint8), "CMYK")
    pixels = saved(tmp_path / "x.jpg", image, quality=100)
    assert np.abs(pixels.astype(int) - [255, 0, 0]).max() <= 3


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_jpeg_has_the_pixels_that_pil_gives_it(tmp_path, orientation):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 64, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = saved(tmp_path / "x.jpg", image, exif=exif, quality=80)
    assert np.array_equal(pixels, np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "x.jpg"))))


@pytest.mark.parametrize("kept", [0, 10, 700])
def test_a_broken_file_is_named(tmp_path, kept):
    whole = tmp_path / "whole.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(whole)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(whole.read_bytes()[:kept])
    with pytest.raises(ImageReadError, match=r"broken\.jpg: ."):
        read_image(broken)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ImageReadError, match=r"gone\.png: no such file"):
        read_image(tmp_path / "gone.png")


def test_images_are_found_by_extension_in_subfolders_and_in_order(tmp_path):
    for name in ("b.PNG", "a/c.jpg", ".hidden.png", ".cache/x.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in list_images(tmp_path)] == ["a/c.jpg", "b.PNG"]


def test_side_by_side_halves_go_where_the_direction_says(tmp_path):
    fakes.write_side_by_side(tmp_path, {"train": 2})
    pairs = side_by_side("test", tmp_path / "train", "")
    there, back = (PairedImages(pairs, direction, 32)[1] for direction in ("AtoB", "BtoA"))
    drawing = torch.from_numpy(fakes.drawing(1)).permute(2, 0, 1)
    assert torch.equal(there["source"], drawing)
    assert torch.equal(there["target"], torch.from_numpy(fakes.coloring(fakes.drawing(1))).permute(2, 0, 1))
    assert torch.equal(back["source"], there["target"])
    assert torch.equal(back["target"], there["source"])
    assert there["name"] == "2.png"


def test_two_folders_are_matched_by_names_whatever_the_extension(tmp_path):
    fakes.write_paired_folder(tmp_path)
    pairs = matching_names("test", tmp_path / "train" / "A", tmp_path / "train" / "B", "")
    assert [pair.name for pair in pairs] == [f"sub/{index}.png" for index in range(6)]
    sample = PairedImages(pairs, "AtoB", 32)[3]
    assert np.array_equal(sample["target"].permute(1, 2, 0).numpy(), fakes.coloring(fakes.drawing(3)))


def test_files_without_a_partner_are_named(tmp_path):
    fakes.write_paired_folder(tmp_path)
    (tmp_path / "train" / "B" / "sub" / "4.bmp").unlink()
    with pytest.raises(DatasetError, match=r"no partner in .*B for .*4\.png"):
        matching_names("test", tmp_path / "train" / "A", tmp_path / "train" / "B", "")


def test_namesakes_are_refused(tmp_path):
    fakes.write_paired_folder(tmp_path)
    fakes.save(fakes.drawing(0), tmp_path / "train" / "A" / "sub" / "0.jpg")
    with pytest.raises(DatasetError, match="namesake"):
        matching_names("test", tmp_path / "train" / "A", tmp_path / "train" / "B", "")


@pytest.mark.parametrize("dataset", [Facades, EmojiPairs])
def test_a_missing_and_an_empty_folder_are_refused_with_a_remedy(tmp_path, dataset):
    with pytest.raises(DatasetNotFoundError, match=r"train does not exist\. .*data\.root"):
        dataset(tmp_path, "train")
    (tmp_path / "train").mkdir()
    with pytest.raises(DatasetNotFoundError, match=r"train holds no image\. .*data\.root"):
        dataset(tmp_path, "train")


def test_facades_paint_photographs_from_labels(tmp_path):
    sample = Facades(fakes.write_facades(tmp_path), "train", load_size=32)[0]
    colorfulness = {side: sample[side].float().std(0).mean() for side in ("source", "target")}
    assert colorfulness["source"] < 10  # the drawing, gray but for JPEG
    assert colorfulness["target"] > 80  # yellow and blue


def test_an_image_folder_keeps_sizes_and_names(tmp_path):
    data = ImageFolder(fakes.write_pictures(tmp_path))
    assert [sample["name"] for sample in (data[i] for i in range(3))] == [f"picture{i}.png" for i in range(3)]
    assert [tuple(data[i]["source"].shape) for i in range(3)] == [(3, 20, 45), (3, 64, 32), (3, 33, 33)]


def test_jitter_crops_and_flips_both_sides_alike():
    rows, columns = np.mgrid[:40, :40].astype(np.uint8)
    image = np.stack([rows, columns, rows], axis=2)
    jitter = Jitter(32, flip=True)
    mirrored, corners = set(), set()
    for _ in range(40):
        source, target = jitter(image, image + 100)
        assert source.shape == (32, 32, 3)
        assert np.array_equal(source + 100, target)
        mirrored.add(source[0, 0, 1] > source[0, 1, 1])
        corners.add((source[0, 0, 0], source[:, :, 1].min()))
    assert mirrored == {True, False}
    assert len(corners) > 20


def test_shrinking_averages_what_a_cubic_filter_would_alias():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(resize(stripes, 16).astype(int) - 127.5).max() <= 1


def test_cached_pairs_are_those_on_disk(tmp_path):
    pairs = side_by_side("test", fakes.write_emoji_pairs(tmp_path) / "train", "")
    plain, cached = (PairedImages(pairs, "AtoB", 36, cache=cache) for cache in (False, True))
    first = [cached[index] for index in range(6)]
    for path in (tmp_path / "train").iterdir():
        path.unlink()
    again = [cached[index] for index in range(6)]
    for one, two in zip(first, again, strict=True):
        assert torch.equal(one["source"], two["source"])
        assert torch.equal(one["target"], two["target"])
    with pytest.raises(ImageReadError):
        plain[0]
