import json
import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from gan_lab.cli import main
from gan_lab.cli.hints import explain
from gan_lab.cli.table import COMMANDS
from tests import fakes
from tests.conftest import PROJECT

TYPOS = {  # a mistake in the file, and what the sentence must say
    "l1_weight:": ("l1_wieght:", "Pix2PixModule has no option 'l1_wieght': did you mean 'l1_weight'?"),
    "max_epochs:": ("max_epoch:", "there is no option 'trainer.max_epoch': did you mean 'trainer.max_epochs'?"),
    "Pix2PixModule": ("Pix2PicsModule", "there is no class 'Pix2PicsModule': did you mean 'Pix2PixModule'?"),
    "ImageLogger": ("ImageLoger", "there is no class 'ImageLoger': did you mean 'ImageLogger'?"),
    "lr: 0.0002": ("lr: fast", "model.lr: Expected a float. Got value: fast"),
    "norm: batch": ("norm: layer", "model.norm: expected one of 'batch', 'instance'. Got value: layer"),
    "image_size: null\n    in_": (
        "image_size: 33\n    in_",
        "model.image_size is 33 but the data's is 32: set model.image_size to null",
    ),
    "data:\n": ("dta:\n", "did you mean 'data."),
    "dropout: true": ("dropout: [true", "not YAML"),
    "conditional: true": ("conditional: true\n    conditional: false", "'conditional' is given twice"),
}


def failure(capsys, arguments: list[str], status: int | None = None) -> str:
    """Runs a command that must fail and returns its one sentence."""
    capsys.readouterr()
    returned = main(arguments)
    assert returned != 0
    if status is not None:
        assert returned == status
    captured = capsys.readouterr().err
    sentences = [line for line in captured.splitlines() if line.startswith("gan-lab: ")]
    assert len(sentences) == 1, captured
    assert "Traceback" not in captured
    return sentences[0]


def without_torch(*commands: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs commands, the last of which is a mistake, in a process that must not load what is slow to load."""
    script = (
        "import sys; from gan_lab.cli import main\n"
        f"assert [main(words) for words in {list(commands)!r}] == {[0] * (len(commands) - 1) + [2]}\n"
        "heavy = {'torch', 'lightning', 'numpy', 'jsonargparse'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    return subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True)


def test_help_version_and_mistakes_need_no_torch():
    done = without_torch(["--help"], ["--version"], ["fitt"])
    assert done.returncode == 0, done.stderr
    assert all(row.help in done.stdout for row in COMMANDS)
    assert "gan-lab 0." in done.stdout
    assert done.stderr == "gan-lab: there is no command 'fitt': did you mean 'fit'?\n"


@pytest.mark.parametrize("mistake", TYPOS)
def test_a_mistake_in_a_config_is_one_sentence(small, capsys, mistake):
    config = small()
    text = config.read_text()
    wrong, sentence = TYPOS[mistake]
    assert mistake in text
    config.write_text(text.replace(mistake, wrong, 1))
    assert sentence in failure(capsys, ["fit", "--config", str(config)], status=2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--model.l1_wieght=3"], "Pix2PixModule has no option 'l1_wieght': did you mean 'l1_weight'?"),
        (["--trainer.max_epoch=3"], "there is no option 'trainer.max_epoch': did you mean 'trainer.max_epochs'?"),
        (["--data.root=/nowhere"], "EmojiPairs: /nowhere/train does not exist"),
        (["--ckpt_path=/nowhere.ckpt"], "there is no checkpoint /nowhere.ckpt"),
        (["--ckpt_path=last"], "there is no readable last.ckpt below"),
        (["--trainer.accelerator=abacus"], "invalid accelerator name"),
        (["--config=nothing.yaml"], "nothing.yaml"),
        (["--data=PairedDataModul"], "did you mean 'PairedFolderDataModule'?"),  # not the abstract PairedDataModule
        (["surplus"], "there is no option 'surplus'"),
        (["--data.image_size=33"], "image_size must be a power of two and at least 32, got 33"),
        (["--model.objective=wgan-gp"], "set norm to 'instance'"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(small, capsys, arguments, sentence):
    assert sentence in failure(capsys, ["fit", "--config", str(small()), *arguments])


def test_a_misspelt_option_within_an_option_is_named(small, capsys):
    mistake = ["--config", str(small("stylegan_emoji")), "--data.schedule.totl_kimg=3"]
    sentence = failure(capsys, ["fit", *mistake], status=2)
    assert (
        sentence
        == "gan-lab: GrowingFolderDataModule has no option 'schedule.totl_kimg': did you mean 'schedule.total_kimg'?"
    )


def test_a_process_that_lost_another_one_points_to_it():
    error = RuntimeError("[/pytorch/pair.cc:561] Connection closed by peer [127.0.0.1]:21919")
    assert explain(error) == "another process has ended: its own message says why"
    assert explain(RuntimeError("Connection of another kind")) is None


@pytest.mark.parametrize("arguments", [[], ["--model.lr=1"]])
def test_no_config_is_one_sentence(capsys, arguments):
    assert "give an experiment with --config" in failure(capsys, ["fit", *arguments], status=2)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_image_is_named(small, tmp_path, capsys, workers):
    config = small(data__num_workers=workers, data__cache=False)
    (tmp_path / "data" / "train" / "4.png").write_bytes(b"no image")
    sentence = failure(capsys, ["fit", "--config", str(config)], status=1)
    assert sentence.endswith("data/train/4.png: no image that can be decoded")


def test_debug_shows_the_traceback(small, capsys):
    assert main(["fit", "--debug", "--config", str(small()), "--data.root=/nowhere"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_the_whole_way_from_fit_to_predict(small, tmp_path, capsys):
    """Train, resume, measure, and translate a folder of pictures of any size with the checkpoint alone."""
    config = str(small())
    run = tmp_path / "run"
    assert main(["fit", "--config", config]) == 0
    saved = run / "version_0" / "config.yaml"
    written = saved.read_text()
    assert yaml.safe_load(written)["model"]["init_args"]["generator_channels"] == 4
    assert "Unable to serialize" not in written
    assert sorted(path.name for path in (run / "version_0" / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    sheets = sorted((run / "version_0" / "images").iterdir())
    assert [sheet.name for sheet in sheets] == ["epoch=0000-step=0000003.png", "epoch=0001-step=0000006.png"]

    assert (
        main(["fit", "--config", str(saved), "--trainer.max_epochs=3", "--ckpt_path=last", "--model.decay_epochs=2"])
        == 0
    )
    assert torch.load(run / "version_1" / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 9

    best = str(run / "version_0" / "checkpoints" / "best.ckpt")
    for command, metric in (("validate", "val/l1"), ("test", "test/l1")):
        capsys.readouterr()
        assert main([command, "--ckpt_path", best, "--model.test_dropout=false"]) == 0
        assert metric in capsys.readouterr().out

    pictures, out = fakes.write_pictures(tmp_path / "pictures"), tmp_path / "out"
    arguments = [
        "predict",
        "--ckpt_path",
        best,
        "--data.predict_folder",
        str(pictures),
        "--predictions.folder",
        str(out),
    ]
    assert main(arguments) == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in pictures.iterdir())
    for path in out.iterdir():
        assert Image.open(path).size == Image.open(pictures / path.name).size
    assert Image.open(tmp_path / "out_sheet.png").size[0] > 60
    assert saved.read_text() == written  # neither validate nor predict writes over it

    again = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(arguments) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == again  # the noise is seeded


def test_predictions_never_replace_the_pictures_they_are_made_of(small, tmp_path, capsys):
    pictures = str(fakes.write_pictures(tmp_path / "pictures"))
    arguments = ["--config", str(small()), "--data.predict_folder", pictures, "--predictions.folder", pictures]
    assert "the pictures would be lost" in failure(capsys, ["predict", *arguments], status=1)


def test_predict_without_a_folder_translates_the_held_out_pairs(small, tmp_path):
    out = tmp_path / "out"
    assert main(["predict", "--config", str(small()), "--predictions.folder", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["1.png", "2.png", "3.png"]
    assert np.asarray(Image.open(out / "1.png")).shape == (32, 32, 3)


def test_a_foreign_checkpoint_is_refused(small, tmp_path, capsys):
    assert main(["fit", "--config", str(small()), "--trainer.max_epochs=1"]) == 0
    capsys.readouterr()
    sentence = failure(capsys, ["fit", "--config", str(small()), "--ckpt_path=last", "--model.generator_channels=8"])
    assert "It was made with model.generator_channels 4" in sentence


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_good_checkpoint(small, tmp_path, capsys):
    config = str(small())
    every = json.dumps({"class_path": "LastCheckpoint", "init_args": {"every_n_steps": 1}})
    poison = json.dumps({"class_path": "tests.probes.PoisonAt", "init_args": {"step": 4}})
    sentence = failure(
        capsys, ["fit", "--config", config, "--trainer.callbacks", every, "--trainer.callbacks+", poison], 1
    )
    assert "loss/l1 is nan" in sentence
    assert "at step 4" in sentence
    kept = torch.load(tmp_path / "run" / "version_0" / "checkpoints" / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 4
    assert all(tensor.isfinite().all() for tensor in kept["state_dict"].values())


def test_a_config_may_come_after_what_changes_it(small, tmp_path):
    assert main(["fit", "--trainer.max_steps=1", "--model.lr", "0.1", "--config", str(small())]) == 0
    assert yaml.safe_load(next((tmp_path / "run").rglob("config.yaml")).read_text())["model"]["init_args"]["lr"] == 0.1


def test_a_checkpoint_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["predict", "--ckpt_path", str(tmp_path / "version_0" / "checkpoints" / "last.ckpt")]) == 2
    assert capsys.readouterr().err.startswith(f"gan-lab: there is no checkpoint {tmp_path}")


def test_wandb_without_a_key_goes_on_offline(small, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("WANDB_MODE")
    for variable in ("WANDB_API_KEY", "NETRC"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # no ~/.netrc with a key
    assert main(["fit", "--config", str(small()), "--trainer.logger=WandbLogger"]) == 0
    assert "logging offline" in capsys.readouterr().out
    assert list((tmp_path / "run" / "wandb").glob("offline-run-*"))
    assert list((tmp_path / "run").rglob("last.ckpt"))


def test_tensorboard_gets_scalars_and_images(small, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logger = ["--trainer.logger=TensorBoardLogger", f"--trainer.logger.save_dir={tmp_path / 'tb'}"]
    assert main(["fit", "--config", str(small()), *logger]) == 0
    folder = next((tmp_path / "tb").rglob("events.*")).parent
    events = EventAccumulator(str(folder)).Reload()
    assert events.Tags()["images"] == ["val/samples"]
    assert [event.step for event in events.Scalars("val/l1")] == [2, 5]


def test_check_lists_what_is_broken_mismatched_and_odd(small, tmp_path, capsys):
    config = str(small())
    data = tmp_path / "data"
    assert main(["check", "--config", config]) == 0
    assert "train: 6 samples, 0 broken or mismatched, 0 odd" in capsys.readouterr().out
    (data / "train" / "2.png").write_bytes(b"no image")
    fakes.save(np.zeros((32, 63, 3), np.uint8), data / "train" / "3.png")
    (data / "val" / "1.png").write_bytes((data / "train" / "1.png").read_bytes())
    assert main(["check", "--config", config]) == 1
    report = capsys.readouterr().out
    assert "train: 6 samples, 2 broken or mismatched" in report
    assert "broken: " + str(data / "train" / "2.png") in report
    assert "3.png: 63x32 is no two images side by side" in report
    assert "is the same file as" in report
    assert "of train" in report


def test_check_refuses_a_missing_folder_in_one_sentence(small, capsys):
    assert "does not exist" in failure(capsys, ["check", "--config", str(small()), "--data.root=/nowhere"], status=1)


@pytest.mark.parametrize("name", ["Pix2PixModule"])
def test_a_models_help_explains_its_options(name, capsys):
    assert main(["fit", f"--model.help={name}"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Weight of that error in the generator's loss" in text
    assert "default: 100.0" in text


def test_print_config_prints_a_whole_experiment(small, capsys):
    assert main(["fit", "--config", str(small()), "--print_config"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["model"]["class_path"] == "gan_lab.modules.Pix2PixModule"
    assert printed["trainer"]["max_epochs"] == 2


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n"])
def test_a_file_that_holds_no_configuration_is_named(tmp_path, capsys, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert f"{path} holds no configuration" in failure(capsys, ["fit", "--config", str(path)])


def test_a_checkpoint_away_from_its_run_that_is_none_is_refused(tmp_path, capsys):
    moved = tmp_path / "moved.ckpt"
    moved.write_bytes(b"")
    assert "is truncated or not a checkpoint" in failure(capsys, ["predict", "--ckpt_path", str(moved)])


def test_an_unknown_class_is_named_once(capsys):
    assert failure(capsys, ["fit", "--model.help=Pix2PixModul"]).startswith("gan-lab: there is no class 'Pix2PixModul'")
