"""What a checkpoint holds and an option changes: a run that is resumed otherwise than it began."""

import json

import pytest
import torch

from gan_lab.cli import main
from tests.test_resume import LAST, differences, probe, rows, run_folder


def last(root, version):
    return torch.load(run_folder(root, version) / LAST, weights_only=True)


@pytest.mark.parametrize("limit", [1.0, 2])
def test_an_epoch_follows_its_end_where_steps_are_limited_too(small, tmp_path, limit):
    base = ["fit", "--config", str(small(trainer__max_epochs=9, trainer__limit_train_batches=limit))]
    whole, parts = (f"--trainer.default_root_dir={tmp_path / name}" for name in ("whole", "parts"))
    first_epoch = 3 if limit == 1.0 else 2
    assert main([*base, whole, "--trainer.max_steps=7"]) == 0
    assert main([*base, parts, f"--trainer.max_steps={first_epoch}"]) == 0
    assert main([*base, parts, "--trainer.max_steps=7", "--ckpt_path=last"]) == 0
    assert differences(last(tmp_path / "whole", 0), last(tmp_path / "parts", 1)) == []
    folders = run_folder(tmp_path / "whole", 0), run_folder(tmp_path / "parts", 1)
    assert rows(folders[0], first_epoch) == rows(folders[1], first_epoch)


def test_an_average_begins_at_the_weights_where_the_checkpoint_has_none(small, tmp_path, capsys):
    base = ["fit", "--config", str(small()), "--trainer.callbacks=LastCheckpoint"]
    assert main([*base, "--trainer.max_steps=2"]) == 0
    before = last(tmp_path / "run", 0)["state_dict"]
    averaged = [*base, "--trainer.max_steps=3", "--ckpt_path=last", "--model.ema_half_life=2"]  # of 2 images a step
    assert main(averaged) == 0
    assert "ema_half_life 0.0 -> 2.0" in capsys.readouterr().out
    after = last(tmp_path / "run", 1)["state_dict"]
    for name in [name for name in before if name.startswith("generator.") and name.endswith("weight")]:
        middle = (before[name] + after[name]) / 2
        torch.testing.assert_close(after[name.replace("generator", "generator_ema", 1)], middle)


def test_an_average_that_is_no_more_wanted_is_dropped(small, tmp_path):
    base = ["fit", "--config", str(small(model__ema_half_life=2.0)), "--trainer.callbacks=LastCheckpoint"]
    assert main([*base, "--trainer.max_steps=2"]) == 0
    assert main([*base, "--trainer.max_steps=3", "--ckpt_path=last", "--model.ema_half_life=0"]) == 0
    assert not any("_ema" in name for name in last(tmp_path / "run", 1)["state_dict"])


@pytest.mark.parametrize("size", [1, 3])
def test_an_epoch_of_other_batches_begins_anew(small, tmp_path, size):
    steps = steps_after_two(small, tmp_path, f"--data.batch_size={size}")
    assert {len(names) for names in steps} == {size}
    for epoch in (steps[: 6 // size], steps[6 // size :]):
        assert sorted(name for names in epoch for name in names) == [f"{number}.png" for number in range(1, 7)]


def test_an_epoch_that_has_had_as_many_steps_as_are_allowed_now_is_over(small, tmp_path):
    assert len(steps_after_two(small, tmp_path, "--trainer.limit_train_batches=2")) == 2


def steps_after_two(small, folder, change):
    """The samples of each step of two epochs, after a change when two steps are done."""
    record = ["--trainer.callbacks+", probe("RecordOrder", path=str(folder / "order"))]
    base = ["fit", "--config", str(small(trainer__max_epochs=2)), "--trainer.callbacks=LastCheckpoint", *record]
    assert main([*base, "--trainer.max_steps=2"]) == 0
    assert main([*base, "--ckpt_path=last", change]) == 0
    return [json.loads(line)[1] for line in (folder / "order").read_text().splitlines()[2:]]
