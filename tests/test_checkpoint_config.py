"""What is run when nothing but a checkpoint is given."""

import re
import shutil
from pathlib import Path

import pytest
import torch
import yaml

from gan_lab.cli import main
from tests.fakes import WRITERS
from tests.test_cli import failure
from tests.test_old_runs import OLD_RUNS


@pytest.fixture
def run(request, tmp_path, monkeypatch):
    """The folder of a user's own run of a paper, ``runs/mine/version_0``; the user works beside ``runs``."""
    paper = getattr(request, "param", "pix2pix")
    folder = tmp_path / "runs" / "mine" / "version_0"
    shutil.copytree(OLD_RUNS / paper / "version_0", folder)
    tree = yaml.safe_load((folder / "config.yaml").read_text())
    tree["data"]["init_args"]["root"] = str(WRITERS[tree["data"]["class_path"].rpartition(".")[2]](tmp_path / "data"))
    tree["trainer"]["default_root_dir"] = "runs/mine"
    (folder / "config.yaml").write_text(yaml.safe_dump(tree))
    monkeypatch.chdir(tmp_path)
    return folder


def checkpoint(run):
    return ["--ckpt_path", str(run / "checkpoints" / "last.ckpt")]


def put(run, **trainer):
    """Changes settings of the trainer in a run's configuration."""
    tree = yaml.safe_load((run / "config.yaml").read_text())
    tree["trainer"] |= trainer
    (run / "config.yaml").write_text(yaml.safe_dump(tree))


def figures(said):
    return re.findall(r"((?:val|test)/\w+) +([\d.e-]+)", said)


@pytest.mark.parametrize("command", ["validate", "test"])
@pytest.mark.parametrize("run", ["pix2pix", "stylegan"], indirect=True)
def test_an_own_run_gives_the_figures_of_its_named_configuration(run, command, capsys, tmp_path):
    assert main([command, "--config", str(run / "config.yaml"), *checkpoint(run)]) == 0
    named = capsys.readouterr().out
    kept = {path: path.stat().st_mtime_ns for path in (run.parent / "statistics").glob("*")}
    assert main([command, *checkpoint(run)]) == 0
    said = capsys.readouterr().out
    assert figures(said) == figures(named) != []
    assert "leaves out" not in said
    assert {path: path.stat().st_mtime_ns for path in (run.parent / "statistics").glob("*")} == kept
    assert {path.name for path in run.parent.iterdir()} <= {"version_0", "images", "statistics"}


def test_predictions_of_an_own_run_lie_in_its_experiment(run, tmp_path, capsys):
    assert main(["predict", *checkpoint(run)]) == 0
    assert (tmp_path / "runs" / "mine" / "predictions" / "1.png").is_file()
    assert "leaves out" not in capsys.readouterr().out


def test_a_run_in_a_folder_of_another_name_keeps_to_it(run, tmp_path):
    theirs = run.rename(tmp_path / "theirs")
    assert main(["predict", *checkpoint(theirs)]) == 0
    assert (theirs / "predictions" / "1.png").is_file()
    assert not (tmp_path / "predictions").exists()


@pytest.mark.parametrize("where", [".", "linked"])
def test_the_experiment_of_a_run_is_found_by_where_it_lies(run, tmp_path, monkeypatch, where):
    (run.parent / "work").mkdir()
    (run.parent / "work" / "linked").symlink_to(run)
    monkeypatch.chdir(run if where == "." else run.parent / "work")
    assert main(["predict", *checkpoint(Path(where))]) == 0
    assert (run.parent / "predictions" / "1.png").is_file()


@pytest.mark.parametrize(("where", "path"), [("checkpoints", "last.ckpt"), ("checkpoints/deeper", "../last.ckpt")])
def test_a_configuration_of_the_working_folder_is_not_the_checkpoints(run, monkeypatch, where, path):
    working = run / where
    working.mkdir(exist_ok=True)
    (working / "config.yaml").write_text("model: os.system\n")
    monkeypatch.chdir(working)
    assert main(["predict", "--ckpt_path", path]) == 0
    assert (run.parent / "predictions" / "1.png").is_file()


def test_links_that_lead_elsewhere_are_not_followed(run, tmp_path, capsys):
    (tmp_path / "pictures").mkdir()
    (run.parent / "predictions").symlink_to(tmp_path / "pictures")
    assert "predictions is a link" in failure(capsys, ["predict", *checkpoint(run)])
    assert not list((tmp_path / "pictures").iterdir())
    assert main(["predict", *checkpoint(run), "--predictions.folder=out"]) == 0
    assert main(["predict", *checkpoint(run), "--trainer.default_root_dir=elsewhere"]) == 0
    (run.parent / "images").mkdir()
    (run.parent / "images" / "deep").symlink_to(tmp_path / "pictures")
    assert "deep is a link" in failure(capsys, ["validate", *checkpoint(run)])


def test_training_wants_a_configuration_that_is_named_or_trusted(run, capsys):
    said = failure(capsys, ["fit", *checkpoint(run)], status=2)
    assert f"--config {run / 'config.yaml'} if you trust it, or --trust" in said
    assert main(["fit", *checkpoint(run), "--trust"]) == 0
    assert (
        run.parent / "version_1" / "checkpoints" / "last.ckpt"
    ).is_file()  # the configuration's folder and callbacks


def test_trust_takes_what_is_code(run, capsys):
    put(run, callbacks=[{"class_path": "tests.probes.PoisonAt", "init_args": {"step": 1000}}])
    assert main(["validate", *checkpoint(run)]) == 0
    assert "leaves out callback tests.probes.PoisonAt; --trust takes all" in capsys.readouterr().out
    assert main(["validate", *checkpoint(run), "--trust"]) == 0
    assert "leaves out" not in capsys.readouterr().out


def test_the_command_line_is_the_users(run, capsys, monkeypatch):
    """What is typed is trusted, whatever lies beside the checkpoint."""
    callback = ["--trainer.callbacks+", "tests.probes.PoisonAt", "--trainer.callbacks.step", "1000"]
    assert main(["validate", *checkpoint(run), *callback, "--trainer.devices", "1"]) == 0
    assert "leaves out" not in capsys.readouterr().out


@pytest.mark.parametrize("wanted", ["last", "best"])
def test_last_and_best_have_their_own_configuration(run, tmp_path, capsys, wanted):
    """That of the working folder is another experiment's."""
    (tmp_path / "config.yaml").write_text("model: StyleGANModule\n")
    shutil.copy(run / "checkpoints" / "last.ckpt", run / "checkpoints" / "best.ckpt")
    here = ["--ckpt_path", wanted, "--trainer.default_root_dir", "runs/mine"]
    assert main(["validate", *here]) == 0
    assert f"from runs/mine/version_0/checkpoints/{wanted}.ckpt" in capsys.readouterr().out
    assert main(["validate", "--ckpt_path", wanted]) == 0  # in the working folder, where the trainer looks too
    said = failure(capsys, ["validate", "--ckpt_path", wanted, "--trainer.default_root_dir", "runs/other"])
    assert f"there is no readable {wanted}.ckpt below runs/other" in said


def test_the_checkpoint_that_was_given_last_counts(run, tmp_path, capsys):
    assert main(["validate", "--ckpt_path", "nowhere.ckpt", *checkpoint(run)]) == 0
    assert "there is no checkpoint nowhere.ckpt" in failure(
        capsys, ["validate", *checkpoint(run), "--ckpt_path", "nowhere.ckpt"]
    )


def test_weights_to_start_from_are_not_asked_for_once_there_is_a_checkpoint(run, capsys):
    tree = yaml.safe_load((run / "config.yaml").read_text())
    tree["model"]["init_args"]["generator_weights"] = "gone/latest_net_G.pth"
    (run / "config.yaml").write_text(yaml.safe_dump(tree))
    assert main(["validate", *checkpoint(run)]) == 0
    assert "generator_weights" not in capsys.readouterr().out


def test_predict_makes_no_logger(run, monkeypatch):
    monkeypatch.setattr("gan_lab.cli.lightning_cli.settle_wandb", lambda *given: pytest.fail("started"))
    put(run, logger={"class_path": "WandbLogger", "init_args": {"offline": True}})
    assert main(["predict", "--config", str(run / "config.yaml"), *checkpoint(run)]) == 0
    assert {path.name for path in run.parent.iterdir()} == {"version_0", "predictions", "predictions_sheet.png"}


def test_settings_of_a_checkpoint_are_printable(run, capsys):
    path = run / "checkpoints" / "last.ckpt"
    kept = torch.load(path, weights_only=True)
    kept["hyper_parameters"]["norm"] = "\x1b[2J" + "x" * 10_000
    torch.save(kept, path)
    assert main(["validate", *checkpoint(run)]) == 0
    said = capsys.readouterr().out
    assert "norm \\x1b[2Jxxx" in said
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) < 2_100


def test_names_of_folders_are_printable(run, capfd):
    theirs = run.rename(run.with_name("x\x1b[2J"))
    broken = theirs / "checkpoints" / "best.ckpt"
    broken.write_bytes(b"")
    assert main(["predict", *checkpoint(theirs)]) == 0
    assert main(["predict", "--ckpt_path=best"]) == 1
    said = capfd.readouterr()
    assert "predictions are in" in said.out
    assert "x\\x1b[2J" in said.out
    assert "\x1b" not in said.out + said.err
