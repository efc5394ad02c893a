"""What ``predict`` can be given to work on."""

import json
from pathlib import Path

import numpy as np
import pytest

from gan_lab.cli import main
from gan_lab.datamodules import (
    CACDAgingDataModule,
    EmojiPairsDataModule,
    FiguresDataModule,
    UnpairedFolderDataModule,
)
from gan_lab.datasets.images import read_image
from gan_lab.errors import DatasetNotFoundError
from tests import fakes
from tests.processes import command_in_two
from tests.test_output_files import contents

KINDS = [
    (EmojiPairsDataModule, {"root": Path("absent")}),
    (CACDAgingDataModule, {"root": Path("absent")}),
    (UnpairedFolderDataModule, {"root": Path("absent")}),
    (FiguresDataModule, {}),
]


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_one_picture_stands_for_a_folder_with_it_alone(tmp_path, kind, settings):
    pictures = fakes.write_pictures(tmp_path / "pictures")
    picture = pictures / "picture1.png"
    data = kind(predict_folder=picture, **settings).prediction_data()
    assert len(data) == 1
    assert data[0]["name"] == "picture1.png"
    assert data.files(0) == [picture]
    (pictures / "notes.txt").write_text("no picture")
    with pytest.raises(DatasetNotFoundError, match=r"notes\.txt holds no image"):
        kind(predict_folder=pictures / "notes.txt", **settings).prediction_data()


@pytest.mark.parametrize("config", ["pix2pix_emoji", "cyclegan_folders"])
def test_one_picture_is_translated_as_it_is_among_others(small, tmp_path, config):
    pictures = fakes.write_pictures(tmp_path / "pictures")
    base = ["predict", "--config", str(small(config)), "--data.num_workers=0"]
    if config == "pix2pix_emoji":  # whose dropout is seeded by the number of the batch
        base.append("--model.test_dropout=false")
    assert main([*base, f"--data.predict_folder={pictures}", f"--predictions.folder={tmp_path / 'all'}"]) == 0
    picture = f"--data.predict_folder={pictures / 'picture1.png'}"
    assert main([*base, picture, f"--predictions.folder={tmp_path / 'one'}"]) == 0
    assert contents(tmp_path / "one") == {"picture1.png": (tmp_path / "all" / "picture1.png").read_bytes()}


def test_the_pose_in_one_picture_is_found(small, tmp_path):
    pictures = fakes.write_pictures(tmp_path / "pictures")
    arguments = ["--config", str(small("sagan_pose_figures")), f"--data.predict_folder={pictures / 'picture0.png'}"]
    assert main(["predict", *arguments, f"--predictions.folder={tmp_path / 'out'}"]) == 0
    assert contents(tmp_path / "out").keys() == {"picture0.png", "keypoints.json"}
    (image,) = json.loads((tmp_path / "out" / "keypoints.json").read_text())["images"]
    assert (image["file_name"], image["width"], image["height"]) == ("picture0.png", 45, 20)


@pytest.mark.parametrize("config", ["pix2pix_emoji", "sagan_pose_figures"])
def test_one_picture_and_its_neighbors_stay(small, tmp_path, capsys, monkeypatch, config):
    pictures = fakes.write_pictures(tmp_path / "pictures")
    before = contents(pictures)
    monkeypatch.chdir(pictures)
    arguments = ["--config", str(small(config)), "--data.predict_folder=picture0.png", "--predictions.folder"]
    for folder in (".", str(pictures), "../pictures"):
        assert main(["predict", *arguments, folder]) == 1
        assert "the pictures would be lost" in capsys.readouterr().err
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "picture0.png").hardlink_to(pictures / "picture0.png")
    assert main(["predict", *arguments, "../elsewhere"]) == 1
    assert "is read and would be replaced" in capsys.readouterr().err
    assert contents(pictures) == before


def write_pictures_and_broken(root):
    """Three pictures, and four that end early, are empty, are something else, or cannot be opened by their name."""
    fakes.write_pictures(root)
    (root / "broken0.png").write_bytes((root / "picture0.png").read_bytes()[:200])
    (root / "broken1.png").touch()
    (root / "sub").mkdir()
    (root / "sub" / "broken2.jpg").write_text("no picture")
    (root / "sub" / "broken3.png").symlink_to("nowhere.png")
    return root


WHOLE = {f"picture{index}.png" for index in range(3)}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("config", ["pix2pix_emoji", "cyclegan_folders", "sagan_pose_figures"])
def test_broken_pictures_are_passed_over_and_named(small, tmp_path, capsys, config, workers):
    pictures = write_pictures_and_broken(tmp_path / "pictures")
    arguments = ["--config", str(small(config)), f"--data.predict_folder={pictures}", f"--data.num_workers={workers}"]
    assert main(["predict", *arguments, f"--predictions.folder={tmp_path / 'out'}"]) == 1
    said = capsys.readouterr()
    assert said.err.count("passed over") == 1
    assert "gan-lab: 4 files that cannot be decoded were passed over: " in said.err
    for name in ("broken0.png", "broken1.png", "sub/broken2.jpg", "sub/broken3.png"):
        assert f"{pictures / name}: " in said.err
    assert f"predictions are in {tmp_path / 'out'}" in said.out
    assert contents(tmp_path / "out").keys() - {"keypoints.json"} == WHOLE
    if config != "sagan_pose_figures":
        assert (tmp_path / "out_sheet.png").is_file()


@pytest.mark.parametrize("config", ["pix2pix_emoji", "sagan_pose_figures"])
def test_broken_pictures_stop_a_prediction_that_is_to_stop(small, tmp_path, capsys, config):
    pictures = write_pictures_and_broken(tmp_path / "pictures")
    arguments = ["--config", str(small(config)), f"--data.predict_folder={pictures}", "--predictions.broken=stop"]
    assert main(["predict", *arguments, f"--predictions.folder={tmp_path / 'out'}"]) == 1
    assert f"{pictures / 'broken0.png'}: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_broken_pictures_makes_nothing(small, tmp_path, capsys):
    for index in range(7):
        (tmp_path / "pictures").mkdir(exist_ok=True)
        (tmp_path / "pictures" / f"{index}.png").touch()
    arguments = ["--config", str(small()), f"--data.predict_folder={tmp_path / 'pictures'}"]
    assert main(["predict", *arguments, f"--predictions.folder={tmp_path / 'out'}"]) == 1
    said = capsys.readouterr()
    assert "7 files that cannot be decoded were passed over: " in said.err
    assert "and 2 more, named above" in said.err
    assert f"passed over: {tmp_path / 'pictures' / '6.png'}: " in said.out
    assert "predictions are in" not in said.out
    assert not (tmp_path / "out").exists()


def test_all_people_of_a_broken_picture_are_passed_over(small, tmp_path, capsys):
    pictures = write_pictures_and_broken(tmp_path / "pictures")
    boxes = tmp_path / "boxes.csv"
    lines = [f"{name},{left},0,{left + 9},20" for name in ("broken0.png", "picture1.png") for left in (0, 3)]
    boxes.write_text("\n".join(["image,left,top,right,bottom", *lines]))
    arguments = ["--config", str(small("sagan_pose_figures")), f"--data.predict_folder={pictures}"]
    arguments += [f"--data.boxes={boxes}", f"--predictions.folder={tmp_path / 'out'}"]
    assert main(["predict", *arguments]) == 1
    assert "1 file that cannot be decoded was passed over: " in capsys.readouterr().err
    found = json.loads((tmp_path / "out" / "keypoints.json").read_text())
    assert [image["file_name"] for image in found["images"]] == ["picture1.png"]
    assert len(found["annotations"]) == 2


@pytest.mark.parametrize("config", ["sagan_pose_figures", pytest.param("pix2pix_emoji", marks=pytest.mark.slow)])
def test_two_processes_pass_over_what_either_finds_broken(small, tmp_path, config):
    """All that one of them has is broken."""
    pictures = fakes.write_pictures(tmp_path / "pictures")
    for name in ("a.png", "picture0a.png"):
        (pictures / name).touch()
    (pictures / "picture2.png").unlink()
    arguments = ["predict", "--config", str(small(config)), f"--data.predict_folder={pictures}"]
    statuses, said = command_in_two([*arguments, f"--predictions.folder={tmp_path / 'out'}"], tmp_path)
    assert statuses == [1, 1], said
    assert said.count("2 files that cannot be decoded were passed over: ") == 1
    assert all(f"{pictures / name}: " in said for name in ("a.png", "picture0a.png"))
    assert contents(tmp_path / "out").keys() - {"keypoints.json"} == {"picture0.png", "picture1.png"}
    if config == "sagan_pose_figures":
        assert len(json.loads((tmp_path / "out" / "keypoints.json").read_text())["annotations"]) == 2


@pytest.mark.parametrize("config", ["pix2pix_emoji", "cyclegan_folders", "sagan_pose_figures"])
def test_pictures_of_few_pixels_are_worked_on_as_they_are(small, tmp_path, config):
    sizes = {"a.png": (40, 3), "b.png": (4, 4), "c.png": (1, 1), "d.png": (1, 90)}
    for name, size in sizes.items():
        fakes.save(np.full((*size, 3), 90, np.uint8), tmp_path / "pictures" / name)
    arguments = ["--config", str(small(config)), f"--data.predict_folder={tmp_path / 'pictures'}"]
    assert main(["predict", *arguments, f"--predictions.folder={tmp_path / 'out'}"]) == 0
    for name, size in sizes.items():
        assert read_image(tmp_path / "out" / name).shape == (*size, 3)
