"""Lightning's other callbacks and flags: each works, or is refused in one sentence before anything is read."""

import json

import pytest
import torch
import yaml

from gan_lab.cli import main
from tests.test_cli import failure

REFUSED = {
    "GradientAccumulationScheduler": ({"scheduling": {0: 2}}, "set trainer.accumulate_grad_batches"),
    "LearningRateFinder": ({}, "set model.lr"),
    "BatchSizeFinder": ({}, "set data.batch_size"),
    "StochasticWeightAveraging": ({"swa_lrs": 0.1}, "set model.ema_half_life"),
    "EMAWeightAveraging": ({}, "set model.ema_half_life"),
    "BackboneFinetuning": ({}, "backbone"),
    "ModelPruning": ({"pruning_fn": "l1_unstructured"}, "sets weights to zero"),
    "SpikeDetection": ({}, "one loss of a step"),
    "OnExceptionCheckpoint": ({"dirpath": "nowhere"}, "LastCheckpoint saves"),
    "ModelCheckpoint": ({"save_on_exception": True}, "LastCheckpoint saves"),
}
WORK = {
    "LearningRateMonitor": {},
    "Timer": {"duration": "00:01:00:00"},
    "TQDMProgressBar": {},
    "ModelSummary": {"max_depth": 2},
}
FLAGS = [
    *("fast_dev_run=true", "profiler=simple", "profiler=advanced", "profiler=pytorch", "detect_anomaly=true"),
    *("deterministic=true", "deterministic=warn", "inference_mode=false", "use_distributed_sampler=true"),
    *("sync_batchnorm=true", "benchmark=true", "max_time=00:01:00:00", "logger=false"),
]
MONITORS = {
    "pix2pix_emoji": "loss/generator",
    "cyclegan_emoji": "loss/generator_a",
    "art_dcgan_emoji": "val/frechet",
    "stylegan_emoji": "growth/kimg",
    "sagan_pose_figures": "val/pck",
}


def added(name, settings):
    return ["--trainer.callbacks+", json.dumps({"class_path": name, "init_args": settings})]


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_train_something_else_is_refused(small, tmp_path, capsys, name):
    settings, said = REFUSED[name]
    sentence = failure(capsys, ["fit", "--config", str(small()), *added(name, settings)], status=2)
    assert sentence.startswith(f"gan-lab: {name}")
    assert said in sentence
    assert not (tmp_path / "run").exists()


def test_what_needs_a_package_says_so_at_the_start(small, capsys, monkeypatch):
    monkeypatch.setattr("gan_lab.callbacks.unfit.find_spec", lambda name: None)
    monkeypatch.setattr("lightning.pytorch.callbacks.device_stats_monitor._PSUTIL_AVAILABLE", True)
    config = ["fit", "--config", str(small()), *added("DeviceStatsMonitor", {"cpu_stats": True})]
    assert "pip install psutil" in failure(capsys, config, status=2)


@pytest.mark.parametrize(
    ("option", "said"),
    [("barebones=true", "trainer.barebones"), ("profiler=xla", "for TPUs"), ("logger=MLFlowLogger", "pip install")],
)
def test_flags_that_cannot_work_are_refused(small, capsys, option, said):
    assert said in failure(capsys, ["fit", "--config", str(small()), f"--trainer.{option}"], status=2)


@pytest.mark.parametrize("monitor", ["val/nonsense", "loss/nonsense", "step"])
def test_early_stopping_on_what_nothing_logs_is_refused(small, capsys, monitor):
    config = ["--config", str(small()), *added("EarlyStopping", {"monitor": monitor})]
    said = failure(capsys, ["fit", *config], status=2)
    assert f"EarlyStopping monitors {monitor}, which nothing logs" in said
    assert "val/l1" in said


def test_early_stopping_stops_early(small, tmp_path):
    settings = {"monitor": "val/l1", "min_delta": 1000, "patience": 1}
    config = str(small(trainer__max_epochs=4))
    assert main(["fit", "--config", config, *added("EarlyStopping", settings)]) == 0
    last = torch.load(tmp_path / "run" / "version_0" / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] == 6  # two epochs


def test_a_timer_is_kept_in_the_configuration_as_words(small, tmp_path):
    timer = added("Timer", {"duration": "00:01:00:00"})
    assert main(["fit", "--config", str(small()), "--trainer.max_steps=1", *timer]) == 0
    saved = yaml.safe_load((tmp_path / "run" / "version_0" / "config.yaml").read_text())
    assert saved["trainer"]["callbacks"][-1]["init_args"]["interval"] == "step"


@pytest.mark.slow
@pytest.mark.parametrize("config", MONITORS)
def test_every_paper_trains_with_the_others(small, config):
    path = str(small(config, trainer__enable_progress_bar=True, trainer__enable_model_summary=True))
    for name, settings in (WORK | {"EarlyStopping": {"monitor": MONITORS[config]}}).items():
        assert main(["fit", "--config", path, "--trainer.max_epochs=1", *added(name, settings)]) == 0, name
    for flag in FLAGS:
        assert main(["fit", "--config", path, "--trainer.max_epochs=1", f"--trainer.{flag}"]) == 0, flag
