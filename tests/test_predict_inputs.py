"""What ``predict`` can be given to work on."""

import json
from pathlib import Path

import pytest

from gan_lab.cli import main
from gan_lab.datamodules import (
    CACDAgingDataModule,
    EmojiPairsDataModule,
    FiguresDataModule,
    UnpairedFolderDataModule,
)
from gan_lab.errors import DatasetNotFoundError
from tests import fakes
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
