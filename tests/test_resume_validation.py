"""A run that ends in a validation goes on with it: metrics, sheets and checkpoints are the uninterrupted run's."""

import gc
import json
import multiprocessing

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lab.cli import main
from tests.test_resume import LAST, differences, probe, rows, run_folder

NEWEST = json.dumps(
    {"class_path": "ModelCheckpoint", "init_args": {"filename": "newest", "enable_version_counter": False}}
)


def fit(root, config, *arguments):
    return main(
        ["fit", "--config", config, f"--trainer.default_root_dir={root}", "--trainer.callbacks+", NEWEST, *arguments]
    )


def scores(checkpoint):
    """What each ModelCheckpoint was told last."""
    return {name: state.get("current_score") for name, state in checkpoint["callbacks"].items()}


def require_same(whole, parts, first_step):
    for name in (LAST, "checkpoints/newest.ckpt"):
        one, two = (torch.load(folder / name, weights_only=True) for folder in (whole, parts))
        assert differences(one, two) == [], name
        assert scores(one) == scores(two)
    logged = rows(parts, 0)
    assert logged == {key: value for key, value in rows(whole, first_step - 1).items() if key in logged}
    assert {key for key in rows(whole, first_step) if key not in logged} == set()
    sheets = sorted((parts / "images").iterdir())
    assert sheets[0].stem.endswith(f"{first_step:07d}")
    for sheet in sheets:
        np.testing.assert_array_equal(*(np.asarray(Image.open(run / "images" / sheet.name)) for run in (whole, parts)))


@pytest.mark.parametrize(
    ("step", "settings"),
    [
        (6, {"max_epochs": 3}),
        (9, {"max_epochs": 3}),  # in the last validation
        (6, {"max_epochs": 3, "check_val_every_n_epoch": 2}),
        (5, {"max_epochs": 2, "val_check_interval": 2}),  # in the middle of an epoch
        (5, {"max_epochs": 3, "max_steps": 5, "val_check_interval": 2}),  # after the last step that is allowed
        (6, {"max_epochs": 3, "max_steps": 6}),
        (9, {"max_epochs": 3, "check_val_every_n_epoch": 2}),  # in the one that the last epoch has all the same
        (5, {"max_epochs": 3, "max_steps": 5, "check_val_every_n_epoch": 9}),
    ],
)
def test_a_run_that_fails_in_a_validation_goes_on_with_it(small, tmp_path, step, settings):
    config = str(small(**{f"trainer__{name}": value for name, value in settings.items()}))
    assert fit(tmp_path / "whole", config) == 0
    assert fit(tmp_path / "parts", config, "--trainer.callbacks+", probe("FailInValidation", step=step)) == 1
    assert fit(tmp_path / "parts", config, "--ckpt_path=last") == 0
    require_same(run_folder(tmp_path / "whole", 0), run_folder(tmp_path / "parts", 1), step)


@pytest.mark.parametrize(
    ("hook", "workers"),
    [
        ("on_train_batch_end", 0),  # the epoch's last step has ended, its validation has not begun
        ("on_validation_start", 0),
        ("on_validation_batch_start", 2),
        ("on_validation_epoch_end", 0),
    ],
)
def test_a_run_told_to_stop_in_a_validation_goes_on_with_it(small, tmp_path, capsys, hook, workers):
    config = str(small(data__num_workers=workers, trainer__max_epochs=3))
    assert fit(tmp_path / "whole", config) == 0
    stopping = probe("SignalIn", hook=hook, names=["SIGTERM"], step=6)
    assert fit(tmp_path / "parts", config, "--trainer.callbacks+", stopping) == 143
    assert "stopped by SIGTERM: step 6 is saved, --ckpt_path last goes on from there" in capsys.readouterr().out
    gc.collect()
    assert multiprocessing.active_children() == []
    assert fit(tmp_path / "parts", config, "--ckpt_path=last") == 0
    require_same(run_folder(tmp_path / "whole", 0), run_folder(tmp_path / "parts", 1), 6)
