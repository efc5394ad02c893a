"""Image files are found wherever links lead, each real folder once."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_lab.datasets import IMDBWIKI, Cityscapes, PairedFolder
from gan_lab.datasets.folders import holds_images, image_names, list_images
from gan_lab.datasets.prediction_data import pictures_below
from gan_lab.images.sheet import save_image
from tests import fakes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links of POSIX")

PICTURE = np.zeros((8, 8, 3), np.uint8)


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def link(path: Path, target: Path | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def found(root: Path) -> list[str]:
    names = [path.relative_to(root).as_posix() for path in list_images(root)]
    assert image_names(root) == set(names)
    assert holds_images(root) == bool(names)
    return names


def test_links_to_folders_are_followed(tmp_path):
    root = touch(tmp_path / "root", "b.png")
    touch(tmp_path / "far", "1.png", "deep/2.png", "deep/.hidden/3.png")
    touch(tmp_path / "farther", "4.png")
    link(root / "a" / "more", tmp_path / "far")
    link(tmp_path / "far" / "deep" / "on", Path("..", "..", "farther"))
    assert found(root) == ["a/more/1.png", "a/more/deep/2.png", "a/more/deep/on/4.png", "b.png"]
    link(tmp_path / "other_name", root)
    assert found(tmp_path / "other_name") == found(root)
    assert found(root / "nowhere") == []


def test_each_real_folder_is_searched_once_and_under_its_own_name_first(tmp_path):
    root = touch(tmp_path / "root", "z/1.png", "z/y/2.png")
    link(root / "a", root / "z")
    link(root / "b", root / "z" / "y")
    assert found(root) == ["z/1.png", "z/y/2.png"]
    touch(tmp_path / "far", "3.png", "in/4.png")
    for name in ("c", "d"):
        link(root / name, tmp_path / "far")
    link(root / "bb", tmp_path / "far" / "in")
    assert found(root) == ["bb/4.png", "c/3.png", "z/1.png", "z/y/2.png"]


def test_loops_of_links_end(tmp_path):
    root = touch(tmp_path / "data" / "A", "1.png", "in/2.png")
    touch(tmp_path / "data" / "B", "1.png")
    touch(tmp_path / "far", "3.png")
    link(root / "self", root)
    link(root / "in" / "up", "..")
    link(root / "in" / "all", tmp_path / "data")
    link(root / "far", tmp_path / "far")
    link(tmp_path / "far" / "back", root)
    link(tmp_path / "far" / "top", tmp_path / "data")
    link(tmp_path / "far" / "up", "..")
    link(root / "round.png", "round.png")
    (root / "round.png").unlink()
    link(root / "round", "round")
    assert found(root) == ["1.png", "far/3.png", "in/2.png"]


def test_a_folder_called_like_a_picture_is_a_folder(tmp_path):
    touch(tmp_path / "far", "2.png")
    root = touch(tmp_path / "root", "scene.png/1.png")
    link(root / "v1.jpg", tmp_path / "far")
    link(root / "3.png", tmp_path / "far" / "2.png")
    link(root / "gone.png", tmp_path / "gone.png")
    assert found(root) == ["3.png", "gone.png", "scene.png/1.png", "v1.jpg/2.png"]


def test_what_cannot_be_read_is_said_once(tmp_path, capsys):
    root = touch(tmp_path, "1.png")
    link(root / "lost", tmp_path / "gone")
    link(root / "more", tmp_path / "gone")
    assert found(root) == ["1.png"]
    assert capsys.readouterr().out.splitlines() == [
        f"gan-lab: 2 folders or links below {root} cannot be read and are passed over, such as lost"
    ]


def moved_and_linked(folder: Path, away: Path) -> None:
    away.parent.mkdir(parents=True, exist_ok=True)
    link(folder, folder.rename(away))


def test_pairs_lie_behind_links(tmp_path):
    root = fakes.write_paired_folder(tmp_path / "root")
    names = [pair.name for pair in PairedFolder(root, "train").pairs]
    for side in "AB":
        moved_and_linked(root / "train" / side / "sub", tmp_path / "away" / side)
    assert [pair.name for pair in PairedFolder(root, "train").pairs] == names


def test_cities_of_cityscapes_may_be_links(tmp_path):
    root = fakes.write_cityscapes(tmp_path / "root")
    whole = [pair.name for pair in Cityscapes(root, "train").pairs]
    for kind in ("leftImg8bit", "gtFine"):
        for city in list((root / kind / "train").iterdir()):
            moved_and_linked(city, tmp_path / "away" / kind / city.name)
    assert [pair.name for pair in Cityscapes(root, "train").pairs] == whole


def test_numbered_folders_of_imdb_wiki_may_be_links(tmp_path):
    rows = [fakes.imdb_wiki_row(name, date(1950, 1, 1), 1980) for name in ("One", "Two")]
    root = fakes.write_imdb_wiki_half(tmp_path / "root", "wiki", rows)
    for folder in [path for path in (root / "wiki_crop").iterdir() if path.is_dir()]:
        moved_and_linked(folder, tmp_path / "away" / folder.name)
    assert len(IMDBWIKI(root, ["wiki"])) == 2


def test_predictions_behind_a_link_are_not_taken_for_pictures(tmp_path):
    photos = tmp_path / "photos"
    mine = [fakes.save(PICTURE, photos / "a.png"), fakes.save(PICTURE, tmp_path / "disk" / "b.png")]
    for name in ("out/a.png", "out_sheet.png"):
        save_image(Image.fromarray(PICTURE), tmp_path / "disk" / name)
    link(photos / "more", tmp_path / "disk")
    for output in (tmp_path / "disk" / "out", photos / "more" / "out"):
        assert pictures_below(photos, output) == [mine[0], photos / "more" / "b.png"]
