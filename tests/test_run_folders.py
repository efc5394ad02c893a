"""Every run has a folder of its own, whatever starts at the same moment, and takes nothing from another's."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace

import pytest
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from gan_lab.callbacks.run_directory import claim_versions, share_versions, sweep_runs
from gan_lab.cli import main
from gan_lab.cli.run_folders import own_run_folders
from tests.test_files import HOURS_AGO

SAME_MOMENT = 16


@pytest.mark.parametrize("kind", [CSVLogger, TensorBoardLogger])
def test_runs_that_start_at_the_same_moment_have_their_own_folders(tmp_path, kind):
    if kind is TensorBoardLogger:
        pytest.importorskip("tensorboard")
    (tmp_path / "a" / "version_3").mkdir(parents=True)
    start = Barrier(SAME_MOMENT)

    def run(_: int) -> int:
        logger = kind(tmp_path, name="a")
        start.wait()
        (folder,) = claim_versions(SimpleNamespace(loggers=[logger]))
        assert folder == Path(logger.log_dir)
        return logger.version

    with ThreadPoolExecutor(SAME_MOMENT) as pool:
        versions = list(pool.map(run, range(SAME_MOMENT)))
    assert sorted(versions) == list(range(4, 4 + SAME_MOMENT))
    assert {path.name for path in (tmp_path / "a").iterdir()} == {f"version_{n}" for n in (3, *versions)}


def test_a_version_that_is_asked_for_is_not_changed(tmp_path):
    (tmp_path / "version_1").mkdir()
    loggers = [CSVLogger(tmp_path, name="", version=version) for version in (1, "mine")]
    assert claim_versions(SimpleNamespace(loggers=loggers)) == []
    assert [logger.version for logger in loggers] == [1, "mine"]
    assert [path.name for path in tmp_path.iterdir()] == ["version_1"]


def test_all_processes_take_the_first_ones_folder(tmp_path):
    first, other = (CSVLogger(tmp_path, name="") for _ in range(2))
    claim_versions(SimpleNamespace(loggers=[first]))
    strategy = SimpleNamespace(broadcast=lambda value: first.version)
    share_versions(SimpleNamespace(loggers=[other], strategy=strategy))
    assert other.version == first.version == 0


def test_figures_of_a_folder_that_is_used_again_are_kept(small, tmp_path, capsys):
    logger = json.dumps({"class_path": "CSVLogger", "init_args": {"save_dir": str(tmp_path), "version": "mine"}})
    arguments = ["fit", "--config", str(small(trainer__max_steps=1)), f"--trainer.logger={logger}"]
    run = tmp_path / "lightning_logs" / "mine"
    kept = []
    for _ in range(3):
        assert main(arguments) == 0
        kept.append((run / "metrics.csv").read_text())
    assert [(run / f"metrics_{number}.csv").read_text() for number in (1, 2)] == kept[:2]
    assert "are kept as" in capsys.readouterr().out
    validate = ["validate", "--config", str(small()), f"--trainer.logger={logger}"]
    assert main(validate) == 0
    assert (run / "metrics_3.csv").read_text() == kept[2]


def test_a_run_that_never_begins_leaves_no_folder(small, tmp_path):
    (tmp_path / "broken.ckpt").write_text("broken")
    assert main(["fit", "--config", str(small()), f"--ckpt_path={tmp_path / 'broken.ckpt'}"]) == 1
    assert not list((tmp_path / "run").iterdir())
    assert main(["fit", "--config", str(small()), "--trainer.fast_dev_run=1"]) == 0
    assert not list((tmp_path / "run").iterdir())


def test_what_was_left_on_another_machine_goes_when_it_is_old_enough(tmp_path):
    left = tmp_path / "version_0" / "checkpoints" / ".last.01234567-1-1-0123456789abcdef.partial.ckpt"
    left.parent.mkdir(parents=True)
    left.touch()
    trainer = SimpleNamespace(is_global_zero=True, loggers=[], logger=None, default_root_dir=tmp_path)
    with own_run_folders(trainer):
        assert left.exists()
        os.utime(left, (HOURS_AGO, HOURS_AGO))
    assert not left.exists()


def test_what_killed_runs_were_writing_goes_whoever_logs(tmp_path, monkeypatch):
    monkeypatch.setattr("gan_lab.files._ABANDONED_AFTER", -1)
    runs = [tmp_path / "version_0" / "checkpoints", tmp_path / "project" / "4f2c" / "checkpoints"]
    images = tmp_path / "version_1" / "images"
    for folder in (*runs, images):
        folder.mkdir(parents=True)
        (folder / ".last.7.partial.ckpt").touch()
        (folder / "last.ckpt").touch()
    wandb = SimpleNamespace(version="now", save_dir=tmp_path, name="project")
    for logger in (None, wandb):
        sweep_runs(SimpleNamespace(logger=logger, default_root_dir=tmp_path))
    assert not list(tmp_path.rglob("*.partial.*"))
    assert len(list(tmp_path.rglob("last.ckpt"))) == 3
