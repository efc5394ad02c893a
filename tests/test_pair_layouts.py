"""Which of the two layouts pairs lie in is seen, or asked for: nothing is cut in half that is whole."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from gan_lab.cli import main
from gan_lab.datamodules import FacadesDataModule, PairedFolderDataModule
from gan_lab.datasets import CUHK, Cityscapes, EmojiPairs, Facades, Maps, PairedFolder
from gan_lab.errors import ConfigurationError, DatasetError, DatasetNotFoundError, ImageReadError
from tests import fakes


def write(folder: Path, *names: str, width: int = 32, height: int = 32) -> Path:
    for number, name in enumerate(names):
        fakes.save(np.full((height, width, 3), number, np.uint8), folder / name)
    return folder


def apart(root: Path, a: str, b: str, split: str = "train") -> Path:
    for index in range(3):
        fakes.save(fakes.drawing(index), root / split / a / f"{index}.png")
        fakes.save(fakes.coloring(fakes.drawing(index)), root / split / b / f"{index}.jpg")
    return root


@pytest.mark.parametrize(
    ("a", "b"), [("A", "B"), ("a", "b"), ("input", "target"), ("Source", "Target"), ("inputs", "gt"), ("src", "output")]
)
def test_two_folders_are_known_by_their_names(tmp_path, a, b):
    data = PairedFolder(apart(tmp_path, a, b), "train", load_size=32)
    assert [(pair.a.parent.name, pair.b.parent.name) for pair in data.pairs] == [(a, b)] * 3
    source, _ = data.read(1)
    assert np.array_equal(source, fakes.drawing(1))


def test_known_folders_beside_others_are_taken(tmp_path):
    apart(apart(tmp_path, "input", "target"), "mask", "notes")
    assert len(PairedFolder(tmp_path, "train")) == 3


def test_pictures_beside_the_two_folders_are_left_out_with_a_word(tmp_path, capsys):
    apart(tmp_path, "A", "B")
    assert len(PairedFolder(tmp_path, "train")) == 3
    assert not capsys.readouterr().out
    write(tmp_path / "train", "8.png", "9.png", width=64)
    assert len(PairedFolder(tmp_path, "train")) == 3
    said = capsys.readouterr().out
    assert "2 pictures in " in said
    assert "such as 8.png, are left out: A is read from A and B from B" in said


@pytest.mark.parametrize(("a", "b"), [("photos", "sketches"), ("cityA", "cityB"), ("x/real", "x/fake"), (".", "masks")])
def test_other_folders_of_equal_names_are_refused_with_the_options_that_tell(tmp_path, a, b):
    apart(tmp_path, a, b)
    first, second = sorted((Path(a).name or "0.png", Path(b).name))
    message = rf"{first} and .*{second} both have a picture 0, .*: name the folders of A and B in data\.folders .*side"
    with pytest.raises(DatasetError, match=message):
        PairedFolder(tmp_path, "train")


@pytest.mark.parametrize("third", [None, "depth"])
def test_a_third_folder_changes_nothing(tmp_path, third):
    apart(apart(tmp_path, "rgb", "seg"), third or "rgb", "normals")
    with pytest.raises(DatasetError, match=r"both have a picture 0"):
        PairedFolder(tmp_path, "train")


def test_two_folders_of_equally_many_files_are_refused_whatever_their_names(tmp_path):
    write(tmp_path / "train", "photos/f1.png", "photos/f2.png", "sketches/f1-sz.png", "sketches/f2-sz.png", width=64)
    with pytest.raises(DatasetError, match=r"photos and .*sketches have 2 pictures each, .* names must then be equal"):
        PairedFolder(tmp_path, "train")
    assert len(PairedFolder(tmp_path, "train", side_by_side=True)) == 4


def test_folders_that_are_named_are_taken_in_that_order(tmp_path):
    apart(tmp_path, "photos", "sketches")
    data = PairedFolderDataModule(tmp_path, folders=("sketches", "photos"), image_size=32, load_size=32).training_data()
    assert {(pair.a.parent.name, pair.b.parent.name) for pair in data.pairs} == {("sketches", "photos")}
    with pytest.raises(DatasetNotFoundError, match=r"train/drawings does not exist\."):
        PairedFolder(tmp_path, "train", folders=("drawings", "photos"))


def test_folders_and_side_by_side_exclude_each_other(tmp_path):
    for settings in ({"folders": ("a", "b"), "side_by_side": True}, {"folders": ("a", "a")}):
        with pytest.raises(ConfigurationError, match=r"data\.folders are two"):
            PairedFolder(tmp_path, "train", **settings)


def test_namesakes_in_one_folder_are_no_pairs_side_by_side(tmp_path):
    write(tmp_path / "train", "cmp_b0001.jpg", "cmp_b0001.png", width=64)
    with pytest.raises(DatasetError, match=r"cmp_b0001\.jpg and .*cmp_b0001\.png are namesakes"):
        PairedFolder(tmp_path, "train")


@pytest.mark.parametrize(
    ("a", "b"), [("cat_A", "cat_B"), ("1 Input", "1 Target"), ("x.source", "x.gt"), ("s/x-a", "t/x-b")]
)
def test_names_that_end_in_their_side_are_namesakes(tmp_path, a, b):
    first, second = (name if "/" in name else f"9-{name}" for name in (a, b))
    write(tmp_path / "train", f"{first}.png", f"{second}.png", "other.png", width=64)
    with pytest.raises(DatasetError, match=r"are namesakes|both have a picture"):
        PairedFolder(tmp_path, "train")


@pytest.mark.parametrize("kinds", [("rain-{}", "norain-{}"), ("x/GT_{}", "x/NOISY_{}"), ("k/x{}", "m/y{}", "z/{}")])
@pytest.mark.parametrize("dataset", [Facades, PairedFolder])
def test_kinds_of_names_with_the_same_numbers_are_refused(tmp_path, dataset, kinds):
    write(tmp_path / "train", *(f"{kind.format(number)}.png" for kind in kinds for number in (1, 2)), width=64)
    with pytest.raises(DatasetError, match=r"(have the same numbers|have 2 pictures each), as if A and B lay apart"):
        dataset(tmp_path, "train")
    assert len(PairedFolder(tmp_path, "train", side_by_side=True)) == 2 * len(kinds)


def test_kinds_of_names_with_other_numbers_are_taken(tmp_path):
    write(tmp_path / "train", "cat_1.png", "cat_2.png", "dog_1.png", "_a.png", "plan-b.png", "b-button.png", width=64)
    write(tmp_path / "val", "aachen_1_19.png", "aachen_2_19.png", "bonn_1_19.png", width=64)
    assert [len(PairedFolder(tmp_path, split)) for split in ("train", "val")] == [6, 3]


def test_files_side_by_side_in_subfolders_are_taken(tmp_path):
    write(tmp_path / "train", "x/1.png", "x/2.png", "y/3.png", "4.png", width=64)
    assert [pair.name for pair in PairedFolder(tmp_path, "train").pairs] == ["4.png", "x/1.png", "x/2.png", "y/3.png"]
    write(tmp_path / "train", "y/1.png", width=64)
    assert len(PairedFolder(tmp_path, "train", side_by_side=True)) == 5


@pytest.mark.parametrize(
    ("width", "height", "wanted"), [(32, 32, "wider than high"), (24, 32, "wider than high"), (33, 16, "of even width")]
)
def test_single_pictures_are_not_cut(tmp_path, width, height, wanted):
    write(tmp_path / "train", "1.png", width=width, height=height)
    message = rf"1\.png: {width}x{height} is no two images side by side, which must be {wanted}"
    with pytest.raises(ImageReadError, match=message):
        PairedFolder(tmp_path, "train")[0]


def test_who_insists_has_them_cut(tmp_path):
    write(tmp_path / "train", "1.png", width=32, height=40)
    assert PairedFolder(tmp_path, "train", side_by_side=True).read(0)[0].shape == (40, 16, 3)


def test_a_photographs_shape_is_said_and_odd(tmp_path, capsys):
    write(tmp_path / "train", "1.png", width=40, height=30)
    data = PairedFolder(tmp_path, "train", load_size=16)
    assert "1.png of 40x30 is cut into A and B of 20x30 each" in capsys.readouterr().out
    assert any("cut into two of 20x30, is it a single picture?" in line for line in data.oddities(0))
    write(tmp_path / "val", "1.png", width=64, height=32)
    data = PairedFolder(tmp_path, "val", load_size=16)
    assert not capsys.readouterr().out
    assert not any("single picture" in line for line in data.oddities(0))


@pytest.mark.parametrize("dataset", [Facades, Maps, EmojiPairs])
def test_published_files_are_two_squares(tmp_path, dataset):
    write(tmp_path / "train", "1.jpg", width=48, height=32)
    with pytest.raises(ImageReadError, match=r"1\.jpg: 48x32 is no two images .* must be twice as wide as high"):
        dataset(tmp_path, "train")[0]


@pytest.mark.parametrize("dataset", [Facades, Maps, EmojiPairs])
@pytest.mark.parametrize("folders", [("A", "B"), ("input", "target"), ("photo", "label")])
def test_two_folders_in_place_of_published_files_are_refused(tmp_path, dataset, folders):
    with pytest.raises(DatasetError, match=r"both have a picture 0, .*: .*PairedFolderDataModule reads two folders"):
        dataset(apart(tmp_path, *folders), "train")


def test_cuhks_splits_have_two_names(tmp_path):
    fakes.write_cuhk(tmp_path)
    for ours, official in (("train", "training"), ("val", "testing"), ("test", "testing")):
        assert CUHK(tmp_path, ours).pairs == CUHK(tmp_path, official).pairs


def test_check_and_fit_name_two_folders(small, tmp_path, capsys):
    config = str(small("pix2pix_facades"))
    for split in ("train", "val"):
        apart(tmp_path / "own", "day", "night", split)
    for command in ("check", "fit"):
        assert main([command, "--config", config, f"--data.root={tmp_path / 'own'}"]) != 0
        assert "day and " in capsys.readouterr().err
    assert FacadesDataModule(tmp_path / "data").training_data().read(0)[0].shape == (32, 32, 3)


def test_check_counts_single_pictures_as_broken(small, tmp_path, capsys):
    config = str(small("pix2pix_folder"))
    for split in ("train", "val"):
        write(tmp_path / "own" / split, "1.png", "2.png")
    assert main(["check", "--config", config, f"--data.root={tmp_path / 'own'}"]) == 1
    assert "train: 2 samples, 2 broken or mismatched" in capsys.readouterr().out


@pytest.mark.parametrize(("form_a", "form_b"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_in_either_form_of_unicode_are_partners(tmp_path, form_a, form_b):
    for side, form in (("A", form_a), ("B", form_b)):
        write(tmp_path / "train" / side, *(unicodedata.normalize(form, f"Zoë/café_{index}.png") for index in range(3)))
    pairs = PairedFolder(tmp_path, "train").pairs
    assert [pair.a.stem[-1] + pair.b.stem[-1] for pair in pairs] == ["00", "11", "22"]
    assert pairs[0].name == unicodedata.normalize(form_a, "Zoë/café_0.png")  # as it is on the disk


def test_one_name_in_both_forms_of_unicode_is_taken_once(tmp_path):
    write(tmp_path / "train" / "A", *(unicodedata.normalize(form, "café.png") for form in ("NFC", "NFD")))
    write(tmp_path / "train" / "B", "café.png")
    with pytest.raises(DatasetError, match="is a namesake of"):
        PairedFolder(tmp_path, "train")


def test_cities_in_either_form_of_unicode_are_partners(tmp_path):
    scene = "{}/{}_000000_000019"
    for folder, end, form in (("leftImg8bit", "leftImg8bit", "NFC"), ("gtFine", "gtFine_labelIds", "NFD")):
        city = unicodedata.normalize(form, "köln")
        write(tmp_path / folder / "train", f"{scene.format(city, city)}_{end}.png")
    assert len(Cityscapes(tmp_path, "train").pairs) == 1


def test_names_that_differ_by_capital_letters_get_a_hint(tmp_path):
    write(tmp_path / "train" / "A", "one.png", "Two.png", "three.png")
    write(tmp_path / "train" / "B", "one.png", "two.PNG", "four.png")
    with pytest.raises(DatasetError, match=r"no partner in .*B for .*; Two and two\.PNG differ in capital letters"):
        PairedFolder(tmp_path, "train")
    (tmp_path / "train" / "B" / "two.PNG").unlink()
    with pytest.raises(DatasetError, match=r"no partner in .*B for .*A/Two\.png, .*A/three\.png$"):
        PairedFolder(tmp_path, "train")
