"""The best checkpoint is the best of a run's whole history, by a value that something logs."""

import json
import math
import os
import re
import shutil

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from gan_lab.cli import main
from gan_lab.errors import CheckpointError
from gan_lab.modules import Pix2PixModule
from gan_lab.training.checkpoint_files import find_checkpoint, read_checkpoint
from tests.test_resume import run_folder


class Scripted(Callback):
    """Logs the next of some values at the end of each validation; null is NaN."""

    def __init__(self, values: list[float | None]) -> None:
        self.values = list(values)

    def on_validation_epoch_end(self, trainer, pl_module) -> None:
        value = self.values.pop(0)
        pl_module.log("val/scripted", math.nan if value is None else value)


def callbacks(values, monitor="val/scripted", mode="min", **settings):
    best = {"filename": "best", "monitor": monitor, "mode": mode, "enable_version_counter": False, **settings}
    return json.dumps(
        [
            "LastCheckpoint",
            {"class_path": "ModelCheckpoint", "init_args": best},
            {"class_path": "tests.test_best.Scripted", "init_args": {"values": values}},
        ]
    )


@pytest.fixture
def run(small, tmp_path):
    """Trains on up to an epoch, as if validations had given some values; the status, and where ``best`` is."""
    config = str(small(model__decay_epochs=9))

    def go(epochs, values, *arguments, root="run", **settings):
        root = tmp_path / root
        words = [f"--trainer.max_epochs={epochs}", f"--trainer.default_root_dir={root}", *arguments]
        assert main(["fit", "--config", config, "--trainer.callbacks", callbacks(values, **settings), *words]) == 0
        return find_checkpoint("best", root)

    return go


def best(tmp_path, version, root="run"):
    return run_folder(tmp_path / root, version) / "checkpoints" / "best.ckpt"


def test_worse_values_after_a_resume_leave_the_best(run, tmp_path):
    """The first validation of a resumed run is the best of its folder, and not of its history."""
    assert run(2, [0.3, 0.1]) == best(tmp_path, 0)
    assert run(4, [0.5, 0.4], "--ckpt_path=last") == best(tmp_path, 0)
    assert not best(tmp_path, 1).exists()
    assert run(6, [0.2, 0.05], "--ckpt_path=last") == best(tmp_path, 2)
    assert read_checkpoint(best(tmp_path, 0))["global_step"] == 6
    assert read_checkpoint(best(tmp_path, 2))["global_step"] == 18
    assert run(7, [0.06], "--ckpt_path=last") == best(tmp_path, 2)  # saved after the last.ckpt of its step


def test_a_moved_run_goes_on_from_its_best(run, tmp_path, capsys):
    run(1, [0.1])
    shutil.move(tmp_path / "run", tmp_path / "moved")
    assert run(2, [0.2], "--ckpt_path=last", root="moved") == best(tmp_path, 0, "moved")
    assert run(3, [0.05], "--ckpt_path=last", root="moved") == best(tmp_path, 2, "moved")
    assert "anew" not in capsys.readouterr().out


@pytest.mark.slow
def test_the_larger_value_is_the_best_where_that_is_the_mode(run, tmp_path):
    run(1, [20.0], mode="max")
    assert run(2, [19.0], "--ckpt_path=last", mode="max") == best(tmp_path, 0)
    assert run(3, [21.0], "--ckpt_path=last", mode="max") == best(tmp_path, 2)


@pytest.mark.slow
def test_another_run_in_the_folder_has_a_best_of_its_own(run, tmp_path, capsys):
    run(1, [0.1])
    assert run(1, [0.3]) == best(tmp_path, 1)
    better = f"{best(tmp_path, 0)} is better (val/scripted 0.1; here val/scripted 0.3), but of a run"
    assert better in capsys.readouterr().out
    assert run(1, [0.4]) == best(tmp_path, 2)
    said = capsys.readouterr().out
    assert better.replace("0.3", "0.4") in said
    assert said.count("is better") == 1  # the best alone is named


@pytest.mark.parametrize("mode", ["min", pytest.param("max", marks=pytest.mark.slow)])
def test_nan_is_never_the_best(run, tmp_path, mode):
    assert run(3, [None, 0.4, None], mode=mode) == best(tmp_path, 0)
    assert read_checkpoint(best(tmp_path, 0))["global_step"] == 6
    with pytest.raises(CheckpointError, match=r"no readable best\.ckpt"):
        run(1, [None], mode=mode, root="nan")
    assert run(2, [0.9], "--ckpt_path=last", mode=mode, root="nan") == best(tmp_path, 1, "nan")


def test_nan_that_lightning_kept_as_the_best_is_passed_over(tmp_path):
    """As runs did that began before NaN was kept out."""
    for version, score in enumerate((0.3, math.inf)):
        path = run_folder(tmp_path, version) / "checkpoints" / "best.ckpt"
        kept = {"monitor": "val/l1", "dirpath": str(path.parent), "best_model_path": str(path)}
        kept |= {"best_model_score": torch.tensor(score), "best_k_models": {}, "kth_best_model_path": ""}
        callbacks = {"ModelCheckpoint{'monitor': 'val/l1', 'mode': 'min'}": kept}
        path.parent.mkdir(parents=True)
        torch.save({"state_dict": {}, "callbacks": callbacks}, path)
        os.utime(path, (1e9 + version, 1e9 + version))
    assert find_checkpoint("best", tmp_path) == run_folder(tmp_path, 0) / "checkpoints" / "best.ckpt"


@pytest.mark.slow
def test_several_models_are_kept_over_a_resume(run, tmp_path):
    settings = {"save_top_k": 2, "filename": "{step}"}
    with pytest.raises(CheckpointError, match=r"no readable best\.ckpt"):
        run(3, [None, 0.3, 0.2], **settings)
    with pytest.raises(CheckpointError, match=r"no readable best\.ckpt"):
        run(5, [0.25, 0.4], "--ckpt_path=last", **settings)
    kept = [sorted(p.stem for p in run_folder(tmp_path / "run", v).glob("*/step*.ckpt")) for v in (0, 1)]
    assert kept == [["step=6", "step=9"], ["step=12"]]


@pytest.mark.slow
def test_fewer_models_are_kept_than_before(run, tmp_path):
    for epochs, values, count, *resumed in ((3, [0.3, 0.1, 0.2], 3), (6, [0.15, 0.09, 0.05], 1, "--ckpt_path=last")):
        with pytest.raises(CheckpointError, match=r"no readable best\.ckpt"):
            run(epochs, values, *resumed, save_top_k=count, filename="best-{step}")
    kept = [sorted(p.stem for p in run_folder(tmp_path / "run", v).glob("*/best-*.ckpt")) for v in (0, 1)]
    assert kept == [["best-step=3", "best-step=6", "best-step=9"], ["best-step=18"]]


@pytest.mark.parametrize(
    ("part", "way"),
    [
        ("kth_best_model_path", "{run}/../../../victim"),
        ("kth_best_model_path", "local://{home}/victim"),
        ("last_model_path", "{run}/../../../victim"),
    ],
)
def test_a_checkpoint_names_nothing_to_delete(run, tmp_path, part, way):
    """As ModelCheckpoint would delete, whole folders too, what takes the place of a worse or an earlier one."""
    run(1, [0.3])
    thesis, theirs = tmp_path / "victim" / "thesis.txt", tmp_path / "theirs" / "checkpoints" / "last.ckpt"
    for path in (thesis, theirs):
        path.parent.mkdir(parents=True)
    thesis.write_text("years")
    checkpoint = torch.load(best(tmp_path, 0), weights_only=True)
    state = next(state for key, state in checkpoint["callbacks"].items() if key.startswith("ModelCheckpoint"))
    named = way.format(run=run_folder(tmp_path / "mine", 0) / "checkpoints", home=tmp_path)
    state |= {part: named, "best_k_models": {named: torch.tensor(9.0)}}
    torch.save(checkpoint, theirs)
    assert run(2, [0.2], f"--ckpt_path={theirs}", root="mine", save_last=True) == best(tmp_path, 0, "mine")
    assert thesis.read_text() == "years"


def test_a_best_that_is_gone_is_sought_anew_and_said(run, tmp_path, capsys):
    run(2, [0.1, 0.2])
    best(tmp_path, 0).unlink()
    assert run(3, [0.3], "--ckpt_path=last") == best(tmp_path, 1)
    assert f"{best(tmp_path, 0)} (val/scripted 0.1) is gone: the best is sought anew" in capsys.readouterr().out


def test_another_monitor_is_said(run, tmp_path, capsys):
    run(1, [0.1])
    assert run(2, [30.0], "--ckpt_path=last", monitor="val/psnr", mode="max") == best(tmp_path, 1)
    said = f"anew, by val/psnr (max); the checkpoint knows val/scripted 0.1 (min) of {best(tmp_path, 0)}"
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ([], "number of samples of validation set 0 was 3.0 and is 2.0"),
        pytest.param(["--data.direction=BtoA"], "mean of the first source", marks=pytest.mark.slow),
        pytest.param(
            ["--data.image_size=64", "--data.load_size=64", "--model.image_size=32"],
            "shape of the first source",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_another_validation_set_is_said(run, tmp_path, capsys, changed, reason):
    run(1, [0.1])
    if not changed:
        next((tmp_path / "data" / "val").iterdir()).unlink()
    assert run(2, [0.3], "--ckpt_path=last", *changed) == best(tmp_path, 1)
    said = capsys.readouterr().out
    assert reason in said
    assert f"val/scripted cannot be compared with the one of {best(tmp_path, 0)}: the best is sought anew" in said


def test_figures_measured_otherwise_are_not_compared(small, tmp_path, capsys):
    """The Fréchet distance falls with the number of images, so that a resumed run with more of them seems better."""
    best_by = {"class_path": "ModelCheckpoint", "init_args": {"monitor": "val/frechet", "filename": "best"}}
    words = ["fit", "--config", str(small("art_dcgan_emoji")), "--trainer.callbacks+", json.dumps(best_by)]
    assert main([*words, "--trainer.max_epochs=1"]) == 0
    assert main([*words, "--trainer.max_epochs=2", "--ckpt_path=last"]) == 0
    assert "anew" not in capsys.readouterr().out
    data = {"class_path": "DistributionDistance", "init_args": {"num_images": 5}}
    data["init_args"]["extractor"] = {"class_path": "RandomConvolutions"}
    fewer = ["--trainer.callbacks", json.dumps(["LastCheckpoint", data, best_by])]
    assert main([*words[:3], *fewer, "--trainer.max_epochs=3", "--ckpt_path=last"]) == 0
    said = capsys.readouterr().out
    assert re.search("DistributionDistance was .*; .* images against train and is .*; 5 images against train", said)
    assert find_checkpoint("best", tmp_path / "run") == best(tmp_path, 2)


@pytest.mark.parametrize(
    ("monitor", "reason"),
    [
        ("val/l2", "ModelCheckpoint monitors val/l2, which nothing logs: did you mean val/l1?"),
        ("val/class_iou", "which nothing logs: there is val/l1, val/psnr, val/ssim"),
        ("val_loss", "ModelCheckpoint monitors val_loss, which nothing logs"),
        ("loss/l2", "did you mean loss/l1?"),
    ],
)
def test_what_nothing_logs_is_refused_at_the_start(small, tmp_path, capsys, monitor, reason):
    best_by = json.dumps(["LastCheckpoint", {"class_path": "ModelCheckpoint", "init_args": {"monitor": monitor}}])
    assert main(["fit", "--config", str(small()), "--trainer.callbacks", best_by]) == 2
    assert reason in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ckpt"))


@pytest.mark.parametrize("monitor", ["loss/l1", "step", "lr-Adam"])
def test_what_training_logs_can_be_monitored(small, tmp_path, monitor):
    best_by = {"class_path": "ModelCheckpoint", "init_args": {"monitor": monitor, "filename": "best"}}
    watched = json.dumps([best_by, {"class_path": "LearningRateMonitor"}])
    words = ["--trainer.callbacks", watched, "--trainer.limit_val_batches=0", "--trainer.max_epochs=1"]
    assert main(["fit", "--config", str(small()), *words]) == 0
    assert best(tmp_path, 0).exists()


def test_a_run_without_validations_says_that_nothing_is_monitored(small, tmp_path, capsys):
    assert main(["fit", "--config", str(small()), "--trainer.limit_val_batches=0"]) == 0
    assert "ModelCheckpoint never sees val/l1: trainer.limit_val_batches is 0" in capsys.readouterr().out


class Further(Pix2PixModule):
    """Logs more than the paper, and does not say so."""

    def validation_step(self, batch, batch_idx):
        super().validation_step(batch, batch_idx)
        self.log("val/further", torch.tensor(1.0))


class Said(Further):
    """Says so."""

    def validation_names(self):
        return super().validation_names() | {"val/further"}


@pytest.mark.parametrize(("model", "monitor", "status"), [("Further", "val/further", 0), ("Said", "val/furthest", 2)])
def test_what_users_models_log_is_not_refused_unless_they_say_all(small, model, monitor, status):
    best_by = json.dumps([{"class_path": "ModelCheckpoint", "init_args": {"monitor": monitor}}])
    words = ["--model", f"tests.test_best.{model}", "--trainer.callbacks", best_by, "--trainer.max_epochs=1"]
    assert main(["fit", "--config", str(small()), *words]) == status
