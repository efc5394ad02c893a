"""What a run lacks shows before it begins, also of splits that are read epochs later."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_lab.cli.dispatch import main
from tests import fakes

LATE = ["--trainer.max_epochs=3", "--trainer.check_val_every_n_epoch=3"]


def failed_early(capsys, folder: Path, config: Path, *arguments: str) -> str:
    """What is said by a run that has left nothing in its folder."""
    assert main(["fit", "--config", str(config), *LATE, *arguments]) == 1
    assert [path for path in (folder / "run").rglob("*") if path.name != ".gan-lab"] == []
    said = capsys.readouterr().err.splitlines()
    (sentence,) = (line for line in said if line.startswith("gan-lab: "))
    return sentence


def without_val(root: Path) -> str:
    shutil.rmtree(root / "val")
    return f"{root / 'val'} does not exist"


def empty_val(root: Path) -> str:
    shutil.rmtree(root / "val")
    (root / "val").mkdir()
    return f"{root / 'val'} holds no image"


def broken_val(root: Path) -> str:
    first = min((root / "val").glob("*.png"))
    first.write_bytes(first.read_bytes()[:50])
    return str(first)


def unfit_val(root: Path) -> str:
    first = min((root / "val").glob("*.png"))
    Image.fromarray(np.zeros((30, 20, 3), np.uint8)).save(first)
    return "20x30 is no two images side by side"


@pytest.mark.parametrize("harm", [without_val, empty_val, broken_val, unfit_val])
def test_what_val_lacks_is_told_before_training(small, tmp_path, capsys, harm):
    config = small("pix2pix_emoji")
    lack = harm(tmp_path / "data")
    assert lack in failed_early(capsys, tmp_path, config)
    assert main(["fit", "--config", str(config), *LATE, "--trainer.limit_val_batches=0"]) == 0


def test_partners_that_val_lacks_are_told_before_training(small, tmp_path, capsys):
    config = small("pix2pix_folder")
    for index, split in enumerate(("train", "train", "val")):
        fakes.save(fakes.drawing(index), tmp_path / "own" / split / "A" / f"{index}.png")
        fakes.save(fakes.drawing(index), tmp_path / "own" / split / "B" / f"{index}.png")
    fakes.save(fakes.drawing(5), tmp_path / "own" / "val" / "A" / "lonely.png")
    assert "no partner in" in failed_early(capsys, tmp_path, config, f"--data.root={tmp_path / 'own'}")


def test_held_out_pictures_that_are_named_and_missing_are_told_before_training(small, tmp_path, capsys):
    config = small("cyclegan_folders")
    gone = tmp_path / "data" / "testA"
    shutil.rmtree(gone)
    assert f"{gone} does not exist" in failed_early(capsys, tmp_path, config)


@pytest.mark.parametrize("config", ["art_dcgan_28", "stylegan_emoji"])
def test_nothing_held_out_is_told_before_training(small, tmp_path, capsys, config):
    """And before a store of small pictures is made."""
    path = small(config)
    assert "none is held out" in failed_early(capsys, tmp_path, path, "--data.val_fraction=0.000001")
    assert not list(tmp_path.rglob("*.npy"))


def test_people_who_are_not_held_out_are_told_before_training(small, tmp_path, capsys):
    config = small("sagan_pose_mpii")
    (names,) = tmp_path.rglob("valid_images.txt")
    names.write_text("nobody.jpg\n")
    assert "val split: 0 people" in failed_early(capsys, tmp_path, config)


def test_a_batch_that_is_never_full_is_told_before_a_folder_is_made(small, tmp_path, capsys):
    said = failed_early(capsys, tmp_path, small("pix2pix_emoji"), "--data.batch_size=50")
    assert "lower data.batch_size, which is 50" in said


def test_check_lists_a_picture_once_though_it_is_in_all_splits(tmp_path, capsys):
    for index in range(2):
        fakes.save(fakes.drawing(index)[:16, :16], tmp_path / "A" / f"{index}.png")
        fakes.save(fakes.drawing(9 + index)[:16, :16], tmp_path / "B" / f"{index}.png")
    folders = [f"--data.folder_{side}={tmp_path / side.upper()}" for side in "ab"]
    assert main(["check", "--config", "cyclegan_folders", "--data.root=null", *folders]) == 0
    said = capsys.readouterr().out
    assert said.count("is enlarged more than twice") == 4
    assert said.count("4 of these are listed above") == 2
