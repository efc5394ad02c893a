"""Names as long as file systems take them, 255 bytes: what is called after them is cut, and stays distinct."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from gan_lab.callbacks.output_files import OutputFiles
from gan_lab.cli import main
from gan_lab.datasets.prediction_data import pictures_below
from gan_lab.datasets.video import Video
from gan_lab.files import fitting_name
from gan_lab.images.film import film_paths, save_video
from gan_lab.images.sheet import sheet_beside, written_name
from tests import fakes

LETTERS = ["x", "\u00e9", "\u732b", "\U0001f431"]  # of 1 to 4 bytes


def longest(letter, end=""):
    """A name of that letter that no byte can be added to."""
    room = 255 - len(end)
    size = len(letter.encode())
    return "y" * (room % size) + letter * (room // size) + end


@pytest.mark.parametrize("letter", LETTERS)
def test_a_long_name_is_cut_to_one_of_its_own(letter):
    stem = longest(letter)
    name = fitting_name(stem, "_sheet.png")
    assert len(os.fsencode(name)) in range(252, 256)
    assert name.endswith("_sheet.png")
    assert stem.startswith(name.partition("~")[0])
    assert name == fitting_name(stem, "_sheet.png")
    assert name != fitting_name(stem[:-1] + "z", "_sheet.png")
    assert fitting_name("short", "_sheet.png") == "short_sheet.png"
    assert fitting_name(longest(letter, "_sheet.png")) == longest(letter, "_sheet.png")


@pytest.mark.parametrize("letter", LETTERS)
def test_all_that_is_called_after_a_folder_or_a_picture_has_a_name(tmp_path, letter):
    folder = tmp_path / longest(letter)
    sheet = sheet_beside(folder)
    sheet.touch()
    second = OutputFiles(tuple).free(sheet)
    named = [*film_paths(folder), sheet, second, tmp_path / written_name(longest(letter, ".gif"))]
    for path in named:
        path.touch()
    assert len(set(named)) == 5
    assert written_name(f"{longest(letter)}/a.gif") == f"{longest(letter)}/a.gif.png"


@pytest.mark.parametrize("letter", ["x", pytest.param("\U0001f431", marks=pytest.mark.slow)])
@pytest.mark.parametrize("config", ["pix2pix_emoji", "sagan_pose_figures"])
def test_pictures_with_the_longest_names_are_predicted(small, tmp_path, config, letter):
    pictures = tmp_path / longest(letter)
    names = {longest(letter, end) for end in (".png", ".gif", "0.gif", ".jpg")}
    for name in names:
        fakes.save(np.full((9, 8, 3), 90, np.uint8), pictures / name)
    out = tmp_path / longest(letter, "o")
    arguments = ["--config", str(small(config)), f"--data.predict_folder={pictures}", f"--predictions.folder={out}"]
    assert main(["predict", *arguments]) == 0
    assert main(["predict", *arguments]) == 0  # what is there is told to be of gan-lab's making
    written = {path.name for path in out.iterdir()} - {"keypoints.json"}
    assert written == {written_name(name) for name in names}
    assert len(written) == 4
    if config == "pix2pix_emoji":
        assert sheet_beside(out).is_file()
        inside = pictures / longest(letter, "i")
        assert main(["predict", *arguments[:-1], f"--predictions.folder={inside}"]) == 0
        assert sheet_beside(inside).parent == pictures
        assert {path.name for path in pictures_below(pictures, inside)} == names
    else:
        found = json.loads((out / "keypoints.json").read_text())
        assert len(found["images"]) == 4


def test_a_video_may_have_the_longest_name_or_a_colon_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frames = [np.full((16, 16, 3), 10 * index, np.uint8) for index in range(3)]
    for path in (Path(longest("x", ".mp4")), Path("a:b") / "c%d:d.mp4"):
        save_video(iter(frames), 5, path)
        assert len(Video(path)) == 3
