"""Every shipped experiment goes through fit, resume, validate and predict on tiny data in its official layout."""

import pytest
import torch

from gan_lab.cli import main
from tests.conftest import PROJECT

CONFIGS = sorted(path.stem for path in (PROJECT / "configs").glob("*.yaml"))


def test_there_are_configs():
    assert "pix2pix_emoji" in CONFIGS


@pytest.mark.parametrize("config", CONFIGS)
def test_an_experiment_goes_the_whole_way(small, tmp_path, config):
    path = str(small(config))
    run = tmp_path / "run"
    assert main(["fit", "--config", path, "--trainer.max_epochs=1"]) == 0
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
def test_an_experiment_is_complete(config, capsys):
    """Every option of its model and its data is written out: nothing depends on a default that may change."""
    import yaml

    text = (PROJECT / "configs" / f"{config}.yaml").read_text()
    written = yaml.safe_load(text)
    assert main(["fit", "--config", str(PROJECT / "configs" / f"{config}.yaml"), "--print_config"]) == 0
    resolved = yaml.safe_load(capsys.readouterr().out)
    for section in ("model", "data"):
        assert written[section]["init_args"].keys() == resolved[section]["init_args"].keys()
    assert text.startswith("# ")
