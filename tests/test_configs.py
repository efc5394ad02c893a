"""Every shipped experiment goes through fit, resume, validate and predict on tiny data in its official layout."""

import pickle
import subprocess
import sys

import pytest
import torch
import yaml

from gan_lab.callbacks import KnownMonitors
from gan_lab.callbacks.known_monitors import validation_names
from gan_lab.cli import main
from gan_lab.cli.commands.check import data_of
from tests.conftest import PROJECT
from tests.test_stylegan import TRADITIONAL

CONFIGS = sorted(path.stem for path in (PROJECT / "configs").glob("*.yaml"))


def test_there_are_configs():
    assert "pix2pix_emoji" in CONFIGS


@pytest.mark.parametrize("config", CONFIGS)
def test_an_experiment_goes_the_whole_way(small, tmp_path, config, monkeypatch):
    path = str(small(config))
    run = tmp_path / "run"

    def compare(self, trainer, pl_module):
        said, logged = validation_names(trainer, pl_module), trainer.callback_metrics
        compared.append(said == {name for name in logged if name.startswith("val/")})

    compared = []
    monkeypatch.setattr(KnownMonitors, "on_train_end", compare)
    assert main(["fit", "--config", path, "--trainer.max_epochs=1"]) == 0
    assert compared == [True]  # what validations log is known before they do
    assert main(["fit", "--config", path, "--ckpt_path=last"]) == 0
    steps = [
        torch.load(run / f"version_{version}" / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
        for version in (0, 1)
    ]
    assert steps[1] == 2 * steps[0] > 0
    assert main(["validate", "--config", path, "--ckpt_path=last"]) == 0
    assert main(["predict", "--config", path, "--ckpt_path=last", f"--predictions.folder={tmp_path / 'out'}"]) == 0
    assert any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("config", CONFIGS)
def test_data_can_be_sent_to_a_worker_that_is_not_forked(small, config):
    for name, data in data_of(["--config", str(small(config))]).splits().items():
        assert len(pickle.loads(pickle.dumps(data))) == len(data), name


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_that_are_not_forked_train(small, tmp_path, method):
    """As on macOS and Windows, and on Linux from Python 3.14."""
    start = f"import multiprocessing, gan_lab.cli; multiprocessing.set_start_method('{method}'); gan_lab.cli.main()"
    options = ["--config", str(small("sagan_pose_lsp")), "--data.num_workers=2", "--trainer.max_epochs=1"]
    subprocess.run([sys.executable, "-c", start, "fit", *options], check=True)
    assert list(tmp_path.glob("run/version_0/checkpoints/last.ckpt"))


@pytest.mark.parametrize("config", CONFIGS)
def test_an_experiment_is_complete(config, capsys):
    """Every option of its model and its data is written out: nothing depends on a default that may change."""
    text = (PROJECT / "configs" / f"{config}.yaml").read_text()
    written = yaml.safe_load(text)
    assert main(["fit", "--config", str(PROJECT / "configs" / f"{config}.yaml"), "--print_config"]) == 0
    resolved = yaml.safe_load(capsys.readouterr().out)
    for section in ("model", "data"):
        assert written[section]["init_args"].keys() == resolved[section]["init_args"].keys()
    assert text.startswith("# ")


ROWS = {  # of Table 1, each with what it changes of the one before
    "a": TRADITIONAL
    | {"mapping_layers": 0, "blurred": False, "objective": "wgan-gp", "r1_gamma": 0.0, "lr_by_resolution": None},
    "b": {
        "blurred": True,
        "objective": "vanilla",
        "r1_gamma": 10.0,
        "lr_by_resolution": {128: 0.0015, 256: 0.002, 512: 0.003, 1024: 0.003},
    },
    "c": {"styles": True, "mapping_layers": 8, "pixel_norm": False, "instance_norm": True},
    "d": {"constant_input": True},
    "e": {"noise": True},
    "f": {"style_mixing_prob": 0.9},
}


@pytest.mark.parametrize("row", ROWS)
def test_the_rows_of_the_ablation_differ_as_in_the_paper(row):
    expected = {}
    for settings in list(ROWS.values())[: list(ROWS).index(row) + 1]:
        expected |= settings
    tree = yaml.safe_load((PROJECT / "configs" / f"stylegan_ablation_{row}.yaml").read_text())
    options, schedule = tree["model"]["init_args"], tree["data"]["init_args"]["schedule"]
    assert {name: options[name] for name in expected} == expected
    assert schedule["start_resolution"] == (4 if row == "a" else 8)
    assert schedule["batch_sizes"] is None
