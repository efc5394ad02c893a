"""Two processes on the CPU (gloo), started by ``--trainer.devices 2`` alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gan_lab.cli import main
from tests.conftest import PROJECT
from tests.test_resume import LAST, differences, probe, run_folder

# of the largest gradient; the generator's follow a step of the discriminator's Adam, which magnifies rounding
TOLERANCES = {"discriminator": 1e-5, "generator": 1e-3}


def run_two(arguments: list[str]) -> str:
    command = [sys.executable, "-m", "gan_lab", "fit", *arguments, "--trainer.devices=2"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def saved(folder: Path, what: str, world: int) -> list[dict]:
    return [torch.load(folder / f"{what}-{rank}of{world}.pt", weights_only=True) for rank in range(world)]


@pytest.fixture
def config(small) -> str:
    return str(small(model__norm="instance", model__dropout=False, data__eval_batch_size=2, trainer__max_epochs=3))


@pytest.mark.slow
def test_two_processes_train_as_one_and_resume_exactly(config, small, tmp_path):
    whole, parts, alone = tmp_path / "whole", tmp_path / "parts", tmp_path / "alone"
    every_step = json.dumps({"class_path": "LastCheckpoint", "init_args": {"every_n_steps": 1}})
    half = ["--config", config, "--data.batch_size=1", "--trainer.callbacks", every_step, "--trainer.callbacks+"]
    run_two([*half, probe("SaveRank", folder=str(whole)), f"--trainer.default_root_dir={whole}"])
    one = ["--trainer.callbacks", probe("SaveRank", folder=str(alone)), f"--trainer.default_root_dir={alone}"]
    assert main(["fit", "--config", config, "--data.batch_size=2", *one]) == 0

    ranks, (single,) = saved(whole, "gradients", 2), saved(alone, "gradients", 1)
    assert [ranks[0].pop("batch") + ranks[1].pop("batch")] == [single.pop("batch")]  # half the batch each
    largest = {net: max(g.abs().max() for name, g in single.items() if name.startswith(net)) for net in TOLERANCES}
    for name, gradient in single.items():
        assert torch.equal(ranks[0][name], ranks[1][name])
        net = name.split(".")[0]
        torch.testing.assert_close(ranks[0][name], gradient, rtol=0, atol=TOLERANCES[net] * largest[net], msg=name)

    states = saved(whole, "state", 2)
    assert differences(*states) == []

    run_two(
        [*half, probe("SaveRank", folder=str(parts)), f"--trainer.default_root_dir={parts}", "--trainer.max_steps=4"]
    )
    run_two([*half, probe("SaveRank", folder=str(parts)), f"--trainer.default_root_dir={parts}", "--ckpt_path=last"])
    checkpoints = [run_folder(whole, 0) / LAST, run_folder(parts, 1) / LAST]
    assert differences(*(torch.load(path, weights_only=True) for path in checkpoints)) == []


def test_buffers_stay_equal_noise_differs_and_validation_counts_each_sample_once(small, tmp_path):
    config = str(small(model__image_size=64, data__image_size=64, data__load_size=64, trainer__max_epochs=1))
    arguments = ["--config", config, "--trainer.callbacks+", probe("SaveRank", folder=str(tmp_path / "ranks"))]
    noise = ["--trainer.callbacks+", probe("SaveNoise", folder=str(tmp_path / "noise"))]
    run_two([*arguments, *noise, "--data.batch_size=1"])
    one, two = saved(tmp_path / "ranks", "state", 2)
    assert any("running_mean" in name for name in one)
    assert differences(one, two) == []
    noises = [torch.load(tmp_path / "noise" / f"{rank}.pt", weights_only=True) for rank in range(2)]
    assert not torch.equal(*noises)


@pytest.mark.slow
def test_a_signal_to_one_of_two_processes_stops_both_at_the_same_step_with_a_checkpoint(small, tmp_path):
    config = str(small(trainer__max_epochs=-1, model__allow_zero_lr=True, data__batch_size=1))
    stopping = ["--trainer.callbacks+", probe("SignalAt", step=5, name="SIGTERM", rank=1)]
    command = [sys.executable, "-m", "gan_lab", "fit", "--config", config, *stopping, "--trainer.devices=2"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 143, done.stderr
    assert torch.load(run_folder(tmp_path / "run", 0) / LAST, weights_only=True)["global_step"] == 5


@pytest.mark.slow
def test_processes_that_do_not_know_of_each_other_are_refused(small):
    """torchrun with two processes while the configuration asks for one device: two separate trainings, without this."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    done = subprocess.run(
        [*command, "-m", "gan_lab", "fit", "--config", str(small())], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "trainer.devices" in done.stderr
