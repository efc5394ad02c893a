"""A run that saves at every step can be killed at any moment: it goes on from there, and nothing is left over."""

import json
import os
import subprocess
import sys

import pytest

from gan_lab.training.checkpoint_files import find_checkpoint, read_checkpoint
from tests.conftest import PROJECT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked")
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_killed_at_any_moment_goes_on_and_leaves_nothing(small, tmp_path, kills):
    every_step = json.dumps({"class_path": "LastCheckpoint", "init_args": {"every_n_steps": 1}})
    best = json.dumps({"class_path": "ModelCheckpoint", "init_args": {"monitor": "val/l1", "filename": "best"}})
    config = str(small(trainer__max_epochs=10_000, model__constant_epochs=10_000, trainer__check_val_every_n_epoch=5))
    callbacks = ["--trainer.callbacks", every_step, "--trainer.callbacks+", best]
    killed, temporary = tmp_path / "killed", tmp_path / "temporary"
    temporary.mkdir()
    run = ["fit", "--config", config, f"--trainer.default_root_dir={killed}", *callbacks]
    done = subprocess.run(
        [sys.executable, "-m", "tests.killed_runs", str(kills), str(killed), *run],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert read_checkpoint(find_checkpoint("last", killed))["global_step"] >= kills
    assert [path for path in killed.rglob("*") if path.name.startswith(".") or "partial" in path.name] == []
    assert list(temporary.iterdir()) == []
    assert len(list(killed.iterdir())) <= kills + 1  # a folder a run
