"""A run that saves at every step can be killed at any moment: it goes on from there, and nothing is left over."""

import json
import os
import subprocess
import sys

import pytest
import torch

from gan_lab.cli import main
from gan_lab.training.checkpoint_files import find_checkpoint
from tests.conftest import PROJECT
from tests.test_resume import differences


@pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked")
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_killed_at_any_moment_goes_on_and_leaves_nothing(small, tmp_path, kills):
    every_step = json.dumps({"class_path": "LastCheckpoint", "init_args": {"every_n_steps": 1}})
    best = json.dumps({"class_path": "ModelCheckpoint", "init_args": {"monitor": "val/l1", "filename": "best"}})
    config = str(small(trainer__max_epochs=10_000, model__constant_epochs=10_000, trainer__check_val_every_n_epoch=5))
    callbacks = ["--trainer.callbacks", every_step, "--trainer.callbacks+", best]
    whole, killed, temporary = (tmp_path / name for name in ("whole", "killed", "temporary"))
    temporary.mkdir()
    base = ["fit", "--config", config, *callbacks]
    again = [sys.executable, "-m", "tests.killed_runs", str(kills), str(killed), *base]
    done = subprocess.run(
        [*again, f"--trainer.default_root_dir={killed}"],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    two = torch.load(find_checkpoint("last", killed), weights_only=True)
    assert main([*base, f"--trainer.default_root_dir={whole}", f"--trainer.max_steps={two['global_step']}"]) == 0
    one = torch.load(find_checkpoint("last", whole), weights_only=True)
    assert differences(one, two) == []
    assert [path for path in killed.rglob("*") if path.name.startswith(".") or "partial" in path.name] == []
    assert list(temporary.iterdir()) == []
    assert len(list(killed.iterdir())) <= kills + 1  # a folder a run
