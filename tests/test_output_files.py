"""Predictions replace what gan-lab itself made, and nothing else: no input, nothing of a user's."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gan_lab.callbacks.output_files import OutputFiles
from gan_lab.cli import main
from gan_lab.datamodules import (
    CACDAgingDataModule,
    EmojiPairsDataModule,
    FiguresDataModule,
    UnpairedFolderDataModule,
)
from gan_lab.datasets.folders import list_images
from gan_lab.datasets.images import read_image
from gan_lab.datasets.prediction_data import pictures_below
from gan_lab.datasets.video import Video
from gan_lab.errors import GanLabError
from gan_lab.images.film import save_video
from gan_lab.images.sheet import WRITTEN, save_image, written_name
from gan_lab.images.signature import is_signed
from tests import fakes
from tests.fakes import save

PICTURE = np.random.default_rng(0).integers(0, 255, (33, 47, 3), dtype=np.uint8)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("extension", sorted(WRITTEN))
def test_pictures_of_every_kind_are_signed_and_are_what_they_were(tmp_path, extension, mode):
    image = Image.fromarray(PICTURE).convert(mode)
    plain, signed = tmp_path / f"plain{extension}", tmp_path / f"signed{extension}"
    image.save(plain, quality=95)
    save_image(image, signed)
    assert (is_signed(plain), is_signed(signed), is_signed(tmp_path)) == (False, True, False)
    np.testing.assert_array_equal(read_image(signed), read_image(plain))
    with Image.open(signed) as one, Image.open(plain) as two:
        assert (one.format, one.mode, one.size) == (two.format, two.mode, two.size)


def test_what_is_made_of_kinds_that_are_only_read_is_written_as_png():
    names = ["a.png", "sub/b.JPG", "c.d.jfif", "e.gif", "sub/f.AVIF", "g.heic", "h"]
    kept = names[:3]
    assert [written_name(name) for name in names] == [*kept, "e.gif.png", "sub/f.AVIF.png", "g.heic.png", "h.png"]


def test_videos_are_signed_and_are_what_they_were(tmp_path):
    save_video((np.full((48, 64, 3), shade, np.uint8) for shade in (50, 100, 150)), 10.0, tmp_path / "clip.mp4")
    assert is_signed(tmp_path / "clip.mp4")
    assert len(Video(tmp_path / "clip.mp4")) == 3
    assert abs(int(Video(tmp_path / "clip.mp4").read(1)[24, 32, 0]) - 100) < 6


@pytest.fixture
def ours(tmp_path):
    path = tmp_path / "out" / "x.png"
    save_image(Image.fromarray(PICTURE), path)
    return path


def test_what_gan_lab_made_is_replaced_and_what_it_did_not_make_is_not(tmp_path, ours):
    files = OutputFiles(tuple)
    assert files.require(ours) == files.free(ours) == ours
    assert files.require(tmp_path / "new.png") == tmp_path / "new.png"
    foreign = save(PICTURE, tmp_path / "out" / "y.png")
    with pytest.raises(GanLabError, match=r"y\.png would be replaced, and is not of gan-lab's making"):
        files.require(foreign)
    (tmp_path / "out" / "y_1.png").mkdir()
    assert files.free(foreign) == tmp_path / "out" / "y_2.png"


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("link", ["none", "file", "hard", "folder", "chain"])
def test_an_input_is_known_by_whatever_name(tmp_path, ours, link):
    """Although gan-lab made it."""
    out = tmp_path / "elsewhere" / "x.png"
    if link == "folder":
        out.parent.symlink_to(ours.parent)
    else:
        out.parent.mkdir()
    if link == "none":
        out = ours.parent / "sub" / ".." / "x.png"
        (ours.parent / "sub").mkdir()
    elif link == "file":
        out.symlink_to(ours)
    elif link == "hard":
        out.hardlink_to(ours)
    elif link == "chain":
        (tmp_path / "between").symlink_to(ours)
        out.symlink_to(tmp_path / "between")
    files = OutputFiles(lambda: [ours])
    with pytest.raises(GanLabError, match=r"x\.png is read and would be replaced"):
        files.require(out)
    assert files.free(out) == out.with_name("x_1.png")


def test_two_predictions_never_take_the_same_file(tmp_path, monkeypatch):
    files = OutputFiles(tuple)
    save_image(Image.fromarray(PICTURE), files.require(tmp_path / "a.png"))
    with pytest.raises(GanLabError, match="would be written twice"):
        files.require(tmp_path / "a.png")
    assert files.require(tmp_path / "A.png") == tmp_path / "A.png"  # another file here
    people = [files.require(tmp_path / "group.jpg", source="in/group.jpg") for _ in range(2)]
    assert people == [tmp_path / "group.jpg"] * 2
    with pytest.raises(GanLabError, match="would be written twice"):
        files.require(tmp_path / "group.jpg", source="in/other.jpg")

    monkeypatch.setattr("gan_lab.callbacks.output_files._identity", lambda path: (0, 0))  # cases are one on a Mac
    with pytest.raises(GanLabError, match="would be written twice"):
        files.require(tmp_path / "a.PNG")


def test_predictions_inside_the_folder_are_not_taken_for_pictures(tmp_path):
    mine = [save(PICTURE, tmp_path / name) for name in ("a.png", "out/mine.png", "other_sheet.png", "z/out/b.png")]
    for name in ("out/a.png", "out/AtoB/a.png", "out_sheet.png", "out_sheet_1.png", "z/out/a.png", "out2/a.png"):
        save_image(Image.fromarray(PICTURE), tmp_path / name)
    found = pictures_below(tmp_path, tmp_path / "z" / ".." / "out")
    assert found == sorted([*mine, tmp_path / "z/out/a.png", tmp_path / "out2/a.png"])
    assert pictures_below(tmp_path / "out" / "AtoB", tmp_path / "out") == [tmp_path / "out/AtoB/a.png"]
    assert pictures_below(tmp_path) == pictures_below(tmp_path, tmp_path / "elsewhere") == list_images(tmp_path)


def test_other_predictions_among_the_pictures_are_said(tmp_path, capsys):
    save(PICTURE, tmp_path / "mine.png")
    save_image(Image.fromarray(PICTURE), tmp_path / "first" / "mine.png")
    assert len(pictures_below(tmp_path, tmp_path / "second")) == 2
    assert capsys.readouterr().out.splitlines() == [
        f"gan-lab: 1 of the 2 pictures below {tmp_path} are predictions themselves"
    ]
    pictures_below(tmp_path, tmp_path / "first")
    pictures_below(tmp_path / "first")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (EmojiPairsDataModule, {"root": Path("absent")}),
        (CACDAgingDataModule, {"root": Path("absent")}),
        (UnpairedFolderDataModule, {"root": Path("absent")}),
        (FiguresDataModule, {}),
    ],
)
def test_data_of_every_kind_leave_predictions_out(tmp_path, kind, settings):
    save(PICTURE, tmp_path / "a.png")
    save_image(Image.fromarray(PICTURE), tmp_path / "out" / "a.png")
    data = kind(predict_folder=tmp_path, **settings)
    assert len(data.prediction_data()) == 2
    data.output_folder = tmp_path / "out"
    assert len(data.prediction_data()) == 1


def test_a_prediction_inside_its_inputs_can_be_made_again(small, tmp_path, monkeypatch):
    pictures = fakes.write_pictures(tmp_path / "pictures")
    save(PICTURE, pictures / "out" / "mine.png")
    mine = contents(pictures)
    arguments = ["--config", str(small()), f"--data.predict_folder={pictures}", f"--predictions.folder={pictures}/out"]
    for _ in range(2):
        assert main(["predict", *arguments]) == 0
    made = {f"out/{name}" for name in mine} | {"out_sheet.png"}
    assert contents(pictures).keys() == mine.keys() | made
    assert mine.items() <= contents(pictures).items()

    save(PICTURE, pictures / "mine.png")  # whose translation would be out/mine.png
    before = contents(pictures)["out/mine.png"]
    assert main(["predict", *arguments]) == 1
    assert contents(pictures)["out/mine.png"] == before


def test_translations_can_be_translated_back_but_not_over_themselves(small, tmp_path, capsys):
    pictures, out = fakes.write_pictures(tmp_path / "pictures"), tmp_path / "run" / "predictions"
    base = ["predict", "--config", str(small("cyclegan_folders"))]
    assert main([*base, f"--data.predict_folder={pictures}", "--model.predict_direction=both"]) == 0
    before = contents(out)
    back = f"--data.predict_folder={out / 'AtoB'}"
    capsys.readouterr()
    assert main([*base, back, "--model.predict_direction=both"]) == 1
    assert "AtoB/picture0.png is read and would be replaced" in capsys.readouterr().err
    assert contents(out) == before
    assert main([*base, back, "--model.predict_direction=BtoA"]) == 0
    assert contents(out).keys() == before.keys() | {f"picture{index}.png" for index in range(3)}
    assert before.items() <= contents(out).items()


def test_a_users_sheet_stays_and_ours_is_renewed(small, tmp_path, capsys):
    pictures = fakes.write_pictures(tmp_path / "pictures")
    users = save(PICTURE, tmp_path / "out_sheet.png").read_bytes()
    arguments = ["--config", str(small()), f"--data.predict_folder={pictures}", f"--predictions.folder={tmp_path}/out"]
    for _ in range(2):
        assert main(["predict", *arguments]) == 0
        assert "out_sheet_1.png" in capsys.readouterr().out
    assert (tmp_path / "out_sheet.png").read_bytes() == users
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out", "out_sheet.png", "out_sheet_1.png"]


def test_a_folder_of_other_pictures_is_no_place_for_predictions(small, tmp_path, capsys):
    """The held-out pairs' sources go in, the folder of what they should be is named for what comes out."""
    pictures, truths = (fakes.write_pictures(tmp_path / name) for name in ("pictures", "truths"))
    before = contents(truths)
    arguments = ["--config", str(small()), f"--data.predict_folder={pictures}", f"--predictions.folder={truths}"]
    assert main(["predict", *arguments]) == 1
    assert "is not of gan-lab's making" in capsys.readouterr().err
    assert contents(truths) == before


def test_the_working_folder_can_be_the_one_for_predictions(small, tmp_path, monkeypatch):
    pictures, here = fakes.write_pictures(tmp_path / "pictures"), tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    config = str(small())
    assert main(["predict", "--config", config, f"--data.predict_folder={pictures}", "--predictions.folder=."]) == 0
    assert contents(here).keys() == contents(pictures).keys()
    assert (tmp_path / "here_sheet.png").exists()


def test_predictions_among_held_out_pictures_are_refused(small, tmp_path, capsys):
    config = str(small("pix2pix_colorization"))
    held_out = tmp_path / "data" / "val"
    assert main(["predict", "--config", config, f"--predictions.folder={held_out / 'out'}"]) == 0
    capsys.readouterr()
    assert main(["predict", "--config", config, f"--predictions.folder={held_out / 'out'}"]) == 1
    assert "is a prediction among the pictures held out" in capsys.readouterr().err


def test_poses_spare_pictures_videos_and_files_with_boxes(small, tmp_path, capsys):
    pictures, out = fakes.write_pictures(tmp_path / "pictures"), tmp_path / "out"
    base = ["predict", "--config", str(small("sagan_pose_figures")), f"--predictions.folder={out}"]
    assert main([*base, f"--data.predict_folder={pictures}"]) == 0
    boxes = f"--data.boxes={out / 'keypoints.json'}"
    before = contents(out)
    assert main([*base, f"--data.predict_folder={pictures}", boxes]) == 1
    assert "keypoints.json is read and would be replaced" in capsys.readouterr().err
    assert contents(out) == before
    assert main([*base, f"--data.predict_folder={pictures}"]) == 0
    (out / "keypoints.json").write_text(json.dumps({"mine": True}))
    assert main([*base, f"--data.predict_folder={pictures}"]) == 1
    (out / "keypoints.json").unlink()

    clip = tmp_path / "in" / "clip.avi"
    clip.parent.mkdir()
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    writer.write(np.full((48, 64, 3), 50, np.uint8))
    writer.release()
    (out / "clip.mp4").write_bytes(b"a film of the user's")
    assert main([*base, f"--data.predict_folder={clip}"]) == 1
    assert (out / "clip.mp4").read_bytes() == b"a film of the user's"


def test_a_users_film_stays(small, tmp_path, capsys):
    (tmp_path / "walk.gif").write_bytes(b"a film of the user's")
    arguments = ["--data.predict=interpolation", "--data.seeds=0-1", "--data.frames=3"]
    base = ["predict", "--config", str(small("stylegan_emoji")), *arguments]
    assert main([*base, f"--predictions.folder={tmp_path / 'walk'}"]) == 1
    assert "walk.gif would be replaced" in capsys.readouterr().err
    for _ in range(2):
        assert main([*base, f"--predictions.folder={tmp_path / 'other'}"]) == 0
    assert is_signed(tmp_path / "other.gif")
