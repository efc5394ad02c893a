"""The published sets of pairs, each in its official layout."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_lab.datamodules import CityscapesDataModule, CUHKDataModule, MapsDataModule
from gan_lab.datasets import CUHK, Cityscapes, Maps
from gan_lab.datasets.images import read_labels
from gan_lab.errors import DatasetError, DatasetNotFoundError, ImageReadError
from gan_lab.images.palettes import CITYSCAPES
from gan_lab.images.transforms import resize_labels
from tests import fakes
from tests.skips import REAL_DATA, needs_real_data

SAMPLES = REAL_DATA
needs_samples = needs_real_data("")

CAR, ROAD, VOID = (0, 0, 142), (128, 64, 128), (0, 0, 0)


def pixels(image) -> np.ndarray:
    """A sample's tensor (3, H, W) as an array (H, W, 3)."""
    return image.permute(1, 2, 0).numpy()


@pytest.mark.parametrize(
    ("datamodule", "write"),
    [
        (CityscapesDataModule, fakes.write_cityscapes),
        (CUHKDataModule, fakes.write_cuhk),
        (MapsDataModule, fakes.write_maps),
    ],
)
def test_the_held_out_split_is_tested_too(tmp_path, datamodule, write):
    splits = datamodule(write(tmp_path), num_workers=0).splits()
    assert {name: len(data) for name, data in splits.items()} == {"train": 6, "val": 3, "test": 3}


@pytest.mark.parametrize(
    ("dataset", "split", "missing"),
    [
        (Cityscapes, "train", "leftImg8bit/train"),
        (CUHK, "training", "training/sketches"),
        (Maps, "train", "train"),
    ],
)
def test_a_missing_and_an_empty_folder_are_refused_with_a_remedy(tmp_path, dataset, split, missing):
    with pytest.raises(DatasetNotFoundError, match=rf"{missing} does not exist\. .*data\.root"):
        dataset(tmp_path, split)
    (tmp_path / missing).mkdir(parents=True)
    with pytest.raises(DatasetNotFoundError, match=rf"{missing} holds no image\. .*data\.root"):
        dataset(tmp_path, split)


def test_cityscapes_labels_are_painted_in_the_official_colors(tmp_path):
    data = Cityscapes(fakes.write_cityscapes(tmp_path), "train", load_size=64)
    scene = np.concatenate([fakes.drawing(4), fakes.drawing(104)], axis=1)[::, ::, :1]
    expected = np.where(scene < 128, np.uint8(CAR), np.uint8(ROAD))
    expected[-2:] = VOID
    labels, photograph = data.read(4)
    assert np.array_equal(labels, expected)
    assert np.array_equal(photograph, fakes.coloring(np.repeat(scene, 3, axis=2)))
    assert data[4]["name"] == "aachen/aachen_000004_000019_leftImg8bit.png"


def test_cityscapes_is_segmented_the_other_way_round(tmp_path):
    root = fakes.write_cityscapes(tmp_path)
    painting, segmenting = (Cityscapes(root, "val", direction, 32)[2] for direction in ("BtoA", "AtoB"))
    assert np.array_equal(painting["source"], segmenting["target"])
    assert np.array_equal(painting["target"], segmenting["source"])
    assert {tuple(color) for color in pixels(segmenting["target"]).reshape(-1, 3)} == {CAR, ROAD, VOID}


@pytest.mark.parametrize("cache", [False, True])
def test_scaling_blends_no_labels(tmp_path, cache):
    data = Cityscapes(fakes.write_cityscapes(tmp_path), "train", load_size=23, cache=cache)
    for _ in range(2):
        for index in range(6):
            sample = data[index]
            assert {tuple(color) for color in pixels(sample["source"]).reshape(-1, 3)} <= {CAR, ROAD, VOID}
            assert len(np.unique(pixels(sample["target"]).reshape(-1, 3), axis=0)) > 3  # the photograph is blended


@pytest.mark.parametrize("size", [7, 16, 40])
def test_labels_are_scaled_as_pil_does_it(size):
    image = np.random.default_rng(0).integers(0, 255, (16, 32, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.NEAREST))
    assert np.array_equal(resize_labels(image, size), expected)


def test_a_scene_without_labels_is_named(tmp_path):
    fakes.write_cityscapes(tmp_path)
    (tmp_path / "gtFine/train/aachen/aachen_000003_000019_gtFine_labelIds.png").unlink()
    with pytest.raises(DatasetError, match=r"no partner in .*gtFine/train for .*aachen_000003_000019_leftImg8bit\.png"):
        Cityscapes(tmp_path, "train")


def test_label_maps_without_ids_are_asked_for(tmp_path):
    fakes.write_cityscapes(tmp_path)
    for path in (tmp_path / "gtFine").rglob("*_labelIds.png"):
        path.unlink()
    with pytest.raises(DatasetNotFoundError, match=r"_gtFine_labelIds\.png"):
        Cityscapes(tmp_path, "train")


def test_files_that_hold_no_label_ids_are_refused(tmp_path):
    colors = np.uint8(CITYSCAPES.id_colors)
    gray, colored = np.uint8([[0, 33, 34]]), np.uint8([[[1, 1, 1], [1, 1, 2]]])
    with pytest.raises(ImageReadError, match=r"gray\.png: label 34, but they are numbered from 0 to 33"):
        read_labels(fakes.save(gray, tmp_path / "gray.png"), colors)
    with pytest.raises(ImageReadError, match=r"colored\.png: colors where each pixel should be the number of a label"):
        read_labels(fakes.save(colored, tmp_path / "colored.png"), colors)


def test_maps_become_aerial_photographs(tmp_path):
    sample = Maps(fakes.write_maps(tmp_path), "train", load_size=32)[0]
    assert pixels(sample["source"]).std(2).mean() < 10  # the drawing, gray but for JPEG
    assert pixels(sample["target"]).std(2).mean() > 80  # yellow and blue


def test_cuhk_sketches_find_their_photographs(tmp_path):
    data = CUHK(fakes.write_cuhk(tmp_path), "training", load_size=32)
    names = [(pair.a.name, pair.b.name) for pair in data.pairs]
    women, men = (
        [f"{sex}-{index:03}-01.jpg" for index in numbers] for sex, numbers in (("f", (2, 4, 6)), ("m", (1, 3, 5)))
    )
    assert [photograph for _, photograph in names] == women + men
    assert [sketch for sketch, _ in names][::3] == ["F2-002-01-sz1.jpg", "M2-001-01-sz1.jpg"]
    assert pixels(data[0]["source"]).std(2).max() == 0  # a sketch is gray
    assert pixels(data[0]["target"]).std(2).mean() > 80


def test_two_sketches_of_one_student_are_refused(tmp_path):
    fakes.write_cuhk(tmp_path)
    fakes.save(fakes.drawing(0), tmp_path / "training" / "sketches" / "m-001-01-sz1.jpg")
    with pytest.raises(DatasetError, match=r"m-001-01-sz1\.jpg is a namesake of M2-001-01-sz1\.jpg"):
        CUHK(tmp_path, "training")


@needs_samples
@pytest.mark.parametrize("root", ["cityscapes", "cityscapes_small"])
def test_real_label_ids_become_the_official_colors(root):
    """``*_gtFine_color.png`` is the picture of the labels that the data set brings along."""
    data = Cityscapes(SAMPLES / root, "train")
    for index in range(5):
        path = data.pairs[index].b
        official = Image.open(path.with_name(path.name.replace("labelIds", "color"))).convert("RGB")
        assert np.array_equal(data.read(index)[0], np.asarray(official))


@needs_samples
@pytest.mark.parametrize(
    ("dataset", "root", "counts"),
    [
        (Cityscapes, "cityscapes", {"train": 5}),
        (Cityscapes, "cityscapes_small", {"train": 40, "val": 20}),
        (Maps, "maps", {"train": 100, "val": 20}),
        (CUHK, "cuhk/cropped", {"training": 88, "testing": 100}),
        (CUHK, "cuhk/original", {"training": 18, "testing": 17}),
    ],
)
def test_real_sets_are_whole(dataset, root, counts):
    assert {split: len(dataset(SAMPLES / root, split)) for split in counts} == counts
    sample = dataset(SAMPLES / root, next(iter(counts)), load_size=64)[0]
    for side in ("source", "target"):
        assert sample[side].float().std() > 3  # no flat picture: a map of a park is nearly one


@needs_samples
@pytest.mark.parametrize("layout", ["cropped", "original"])
def test_real_sketches_find_their_photographs(layout):
    with (SAMPLES / "cuhk" / "pairs.csv").open() as file:
        listed = {(row["split"], row["sketch"], row["photo"]) for row in csv.DictReader(file) if row["set"] == layout}
    found = {
        (split, pair.a.name, pair.b.name)
        for split in ("training", "testing")
        for pair in CUHK(SAMPLES / "cuhk" / layout, split).pairs
    }
    assert len(found) == {"cropped": 188, "original": 35}[layout]
    assert found == listed


@needs_samples
def test_real_maps_are_flatter_than_the_ground():
    """A map has whole areas of one color: its neighbors differ less than those of the aerial photograph."""
    data = Maps(SAMPLES / "maps", "val")
    for index in range(20):
        flat = [(np.abs(np.diff(image.astype(int), axis=1)).max(2) <= 2).mean() for image in data.read(index)]
        assert flat[0] > flat[1] + 0.3


def label_files(folder: Path) -> np.ndarray:
    """One map of ids in five kinds of files; returns its picture in the official colors."""
    ids = np.array([[7, 7, 26], [1, 26, 26]], np.uint8)
    drawn = Cityscapes.label_colors[ids]
    folder.mkdir()
    other_colors = bytes(number * factor % 256 for number in range(256) for factor in (7, 13, 29))
    for name, palette in (("other", other_colors), ("gray", bytes(number for number in range(256) for _ in range(3)))):
        indexed = Image.fromarray(ids).convert("L")
        indexed.putpalette(palette)
        indexed.save(folder / f"{name}.png", transparency=7)
        indexed.save(folder / f"{name}.tif")
        indexed.save(folder / f"{name}.gif", optimize=False)
    Image.fromarray(ids).save(folder / "numbers.png")
    Image.fromarray(ids.astype(np.uint16)).save(folder / "deep.png")
    Image.fromarray(drawn).save(folder / "drawn.png")
    Image.fromarray(drawn).quantize(8, dither=Image.Dither.NONE).save(folder / "drawn_by_palette.png")
    return drawn


def test_label_maps_to_predict_from_hold_ids_or_colors(tmp_path):
    drawn = label_files(tmp_path / "maps")
    options = {"predict_folder": tmp_path / "maps", "image_size": 32, "load_size": 32}
    data = CityscapesDataModule(tmp_path, **options).prediction_data()
    assert len(data) == 10
    for sample in data:
        np.testing.assert_array_equal(sample["source"].permute(1, 2, 0), drawn, sample["name"])
    photographs = CityscapesDataModule(tmp_path, direction="AtoB", **options).prediction_data()
    sources = {sample["name"]: sample["source"] for sample in photographs}
    assert int(sources["numbers.png"].max()) == 26  # taken for a photograph, as which it is dark
