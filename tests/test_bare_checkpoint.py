"""What is made of a checkpoint by itself, moved away from its run."""

import os
import shutil

import pytest
import torch
import yaml

from gan_lab.cli import main
from tests import fakes
from tests.test_checkpoint_config import checkpoint, run  # noqa: F401 - a fixture
from tests.test_cli import failure
from tests.test_output_files import contents

ALONE = "there is no config.yaml beside alone.ckpt"


@pytest.fixture
def alone(run):  # noqa: F811
    """The run's checkpoint, in the working folder; the run is elsewhere."""
    shutil.copy(run / "checkpoints" / "last.ckpt", "alone.ckpt")
    fakes.write_pictures(run.parents[2] / "pictures")
    return ["--ckpt_path", "alone.ckpt"]


def changed(settings):
    """Changes what the checkpoint keeps of its model's settings."""
    kept = torch.load("alone.ckpt", weights_only=True)
    kept["hyper_parameters"] = {k: v for k, v in (kept["hyper_parameters"] | settings).items() if v is not ...}
    torch.save(kept, "alone.ckpt")


@pytest.mark.parametrize(
    "run",
    ["pix2pix", *(pytest.param(paper, marks=pytest.mark.slow) for paper in ("cyclegan", "sagan_pose"))],
    indirect=True,
)
def test_pictures_are_predicted_by_the_settings_in_the_checkpoint(run, alone, tmp_path, capsys):  # noqa: F811
    crop = yaml.safe_load((run / "config.yaml").read_text())["data"]["init_args"]["image_size"]
    assert main(["predict", *alone, "--data.predict_folder=pictures", f"--data.image_size={crop}"]) == 0
    assert f"{ALONE}: the " in capsys.readouterr().out
    own = ["--data.predict_folder=pictures", "--predictions.folder=own"]
    assert main(["predict", *checkpoint(run), *own]) == 0
    assert contents(tmp_path / "predictions") == contents(tmp_path / "own") != {}


@pytest.mark.parametrize("run", [pytest.param("art_dcgan", marks=pytest.mark.slow), "stylegan"], indirect=True)
def test_seeds_are_predicted_by_the_settings_in_the_checkpoint(run, alone, tmp_path):  # noqa: F811
    assert main(["predict", *alone, "--data.seeds=3"]) == 0
    assert main(["predict", *checkpoint(run), "--data.seeds=3", "--predictions.folder=own"]) == 0
    mine, theirs = ((tmp_path / folder / "seed0003.png").read_bytes() for folder in ("predictions", "own"))
    assert mine == theirs


def test_it_is_measured_on_data_that_are_named(run, alone, capsys):  # noqa: F811
    data = ["--data", "EmojiPairsDataModule", "--data.root=data", "--data.image_size=32", "--data.load_size=36"]
    assert main(["validate", *alone, *data]) == 0
    assert "val/l1" in capsys.readouterr().out


def test_what_is_missing_is_named(run, alone, capsys):  # noqa: F811
    said = failure(capsys, ["validate", *alone], status=2)
    assert f"{ALONE}: name the run's with --config, or say on which data, such as --data PairedFolderDataModule" in said
    said = failure(capsys, ["predict", *alone], status=2)
    assert said.strip().endswith("--data.root PAIRS, or give --data.predict_folder PICTURES")
    assert "that you name" in failure(capsys, ["fit", *alone], status=2)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"_class_path": ...}, "does not say of which class its model is"),
        ({"_class_path": "os.system"}, "model is os.system, which is none of gan-lab's classes"),
        ({"norm": "{class_path: os.system}"}, "model.norm is no plain text"),
    ],
)
def test_a_checkpoint_is_taken_for_no_more_than_data(run, alone, capsys, settings, said):  # noqa: F811
    changed(settings)
    text = failure(capsys, ["predict", *alone, "--data.predict_folder=pictures"], status=2)
    assert text.startswith(f"gan-lab: {ALONE}, and ")
    assert said in text
    assert text.strip().endswith("name the run's with --config")


def test_a_link_has_the_configuration_of_what_it_leads_to_and_no_place_there(run, tmp_path, capsys):  # noqa: F811
    (tmp_path / "link.ckpt").symlink_to(run / "checkpoints" / "last.ckpt")
    assert main(["predict", "--ckpt_path=link.ckpt"]) == 0
    assert (tmp_path / "predictions" / "1.png").is_file()
    assert {path.name for path in run.parent.iterdir()} == {"version_0"}


def test_a_folder_stands_for_the_last_checkpoint_below_it(run, tmp_path, capsys):  # noqa: F811
    older = run / "checkpoints" / "older" / "last.ckpt"
    older.parent.mkdir()
    shutil.copy(run / "checkpoints" / "last.ckpt", older)
    os.utime(older, (0, 0))
    for folder in (run, run / "checkpoints", run.parent):
        assert main(["validate", f"--ckpt_path={folder}"]) == 0
        assert f"from {run / 'checkpoints' / 'last.ckpt'}" in capsys.readouterr().out
    assert main(["validate", "--config", str(run / "config.yaml"), f"--ckpt_path={run}"]) == 0
    (tmp_path / "empty").mkdir()
    assert "there is no readable last.ckpt below empty" in failure(capsys, ["validate", "--ckpt_path=empty"])
