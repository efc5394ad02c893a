"""A run that is stopped and resumed ends bit for bit where an uninterrupted one does."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_lab.cli import main

LAST = "checkpoints/last.ckpt"
RUNS = (("run", 0), ("run", 1), ("whole", 0))  # stopped, resumed, uninterrupted


def run_folder(root: Path, version: int) -> Path:
    return root / f"version_{version}"


def probe(name: str, /, **arguments: Any) -> str:
    return json.dumps({"class_path": f"tests.probes.{name}", "init_args": arguments})


def differences(one: Any, two: Any, path: str = "") -> list[str]:
    """Where two checkpoints differ, times and paths aside."""
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, two) else [path]
    if isinstance(one, dict):
        keys = {key for key in one.keys() | two.keys() if not str(key).endswith(("_path", "dirpath"))}
        keys -= {"best_k_models", "callbacks"}
        return [found for key in keys for found in differences(one.get(key), two.get(key), f"{path}/{key}")]
    if isinstance(one, list | tuple):
        pairs = zip(one, two, strict=True)
        return [found for i, (a, b) in enumerate(pairs) for found in differences(a, b, f"{path}/{i}")]
    return [] if one == two else [f"{path}: {one} != {two}"]


def rows(folder: Path, first_step: int) -> dict[tuple[str, str], str]:
    """What was logged from a step on: (step, metric) to value."""
    with (folder / "metrics.csv").open() as file:
        return {
            (row["step"], name): value
            for row in csv.DictReader(file)
            for name, value in row.items()
            if value and int(row["step"]) >= first_step
        }


@pytest.mark.parametrize(
    ("stopped_after", "workers"),
    [(2, 0), (3, 0), (4, 2)],  # in the middle of the first epoch, at its end, in the middle of the second
)
def test_resuming_is_exact(small, tmp_path, stopped_after, workers):
    config = str(small(data__num_workers=workers, trainer__max_epochs=3))
    base = ["fit", "--config", config]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    record = "--trainer.callbacks+"
    assert (
        main(
            [
                *base,
                record,
                probe("RecordOrder", path=str(tmp_path / "whole.jsonl")),
                f"--trainer.default_root_dir={whole}",
            ]
        )
        == 0
    )
    parted = [
        *base,
        record,
        probe("RecordOrder", path=str(tmp_path / "parts.jsonl")),
        f"--trainer.default_root_dir={parts}",
    ]
    assert main([*parted, f"--trainer.max_steps={stopped_after}"]) == 0
    assert main([*parted, "--ckpt_path=last"]) == 0

    one, two = (torch.load(folder / LAST, weights_only=True) for folder in (run_folder(whole, 0), run_folder(parts, 1)))
    assert one["global_step"] == two["global_step"] == 9
    assert differences(one, two) == []
    assert (tmp_path / "whole.jsonl").read_text() == (tmp_path / "parts.jsonl").read_text()
    logged = rows(run_folder(whole, 0), stopped_after)
    assert logged == rows(run_folder(parts, 1), stopped_after)
    assert {name for _, name in logged} >= {"loss/l1", "loss/discriminator", "val/l1"}


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_run_told_to_stop_saves_and_says_so(small, tmp_path, name, status):
    config = str(small(trainer__max_epochs=3))
    stopping = ["--trainer.callbacks+", probe("SignalAt", step=2, name=name)]
    assert main(["fit", "--config", config, *stopping]) == status
    saved = torch.load(run_folder(tmp_path / "run", 0) / LAST, weights_only=True)
    assert saved["global_step"] == 2
    assert main(["fit", "--config", config, "--ckpt_path=last"]) == 0
    assert main(["fit", "--config", config, f"--trainer.default_root_dir={tmp_path / 'whole'}"]) == 0
    checkpoints = [run_folder(tmp_path / "run", 1) / LAST, run_folder(tmp_path / "whole", 0) / LAST]
    assert differences(*(torch.load(path, weights_only=True) for path in checkpoints)) == []
    before, after, whole = (rows(run_folder(tmp_path / name, version), 0) for name, version in RUNS)
    assert before | after == whole


def test_one_batch_is_one_step_for_everything_that_counts(small, tmp_path):
    config = str(small(trainer__max_epochs=-1, trainer__max_steps=5, trainer__check_val_every_n_epoch=100))
    every_two = {"class_path": "ModelCheckpoint", "init_args": {"every_n_train_steps": 2, "save_top_k": -1}}
    assert main(["fit", "--config", config, "--trainer.callbacks", json.dumps([every_two])]) == 0
    folder = run_folder(tmp_path / "run", 0)
    assert sorted(path.stem.split("step=")[1] for path in (folder / "checkpoints").iterdir()) == ["2", "4"]
    assert sorted({int(step) for step, _ in rows(folder, 0)}) == [0, 1, 2, 3, 4]


def test_a_learning_rate_changed_in_the_middle_of_an_epoch_holds_from_the_next_step(small, tmp_path):
    base = ["fit", "--config", str(small(trainer__max_epochs=1)), "--trainer.callbacks", "LastCheckpoint"]
    assert main([*base, "--trainer.max_steps=1"]) == 0
    assert main([*base, "--trainer.max_steps=2", "--ckpt_path=last", "--model.lr=0.05"]) == 0
    saved = torch.load(run_folder(tmp_path / "run", 1) / LAST, weights_only=True)
    assert {group["lr"] for state in saved["optimizer_states"] for group in state["param_groups"]} == {0.05}


def test_settings_on_the_command_line_win_over_the_checkpoints(small, tmp_path, capsys):
    config = str(small(trainer__max_epochs=3, model__constant_epochs=9))
    base = ["fit", "--config", config, "--trainer.callbacks", "LastCheckpoint"]
    assert main([*base, "--trainer.max_steps=2"]) == 0
    assert main([*base, "--ckpt_path=last", "--model.lr=0.05", "--model.l1_weight=7"]) == 0
    assert "lr 0.0002 -> 0.05" in capsys.readouterr().out
    saved = torch.load(run_folder(tmp_path / "run", 1) / LAST, weights_only=True)
    assert {group["lr"] for state in saved["optimizer_states"] for group in state["param_groups"]} == {0.05}
    assert saved["hyper_parameters"]["l1_weight"] == 7
