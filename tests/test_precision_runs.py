"""Whole runs in every precision, through the command and the data sets; those that are refused, and why."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.plugins.precision import HalfPrecision
from PIL import Image

from gan_lab.cli import main
from gan_lab.errors import ConfigurationError
from gan_lab.training.precisions import require_precision
from tests.papers import PAPERS, float16, paper
from tests.test_resume import LAST, differences, run_folder
from tests.training import train

CONFIGS = {
    "pix2pix": "pix2pix_colorization",
    "cyclegan": "cyclegan_folders",
    "art_dcgan": "art_dcgan_28",
    "stylegan": "stylegan_ffhq",
    "sagan_pose": "sagan_pose_figures",
}


def saved(run: Path, version: int = 0) -> dict[str, Any]:
    return torch.load(run_folder(run, version) / LAST, weights_only=True)


def floating(tree: Any) -> set[torch.dtype]:
    """The types of all floating numbers in a checkpoint but Adam's counts of steps."""
    if isinstance(tree, torch.Tensor):
        return {tree.dtype} if tree.is_floating_point() and tree.ndim else set()
    values = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ()
    return {dtype for value in values for dtype in floating(value)}


def pictures(folder: Path) -> dict[str, np.ndarray]:
    return {path.name: np.asarray(Image.open(path).convert("RGB"), float) for path in sorted(folder.rglob("*.png"))}


@pytest.mark.parametrize("precision", ["64-true", pytest.param("bf16-mixed", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", PAPERS)
def test_a_run_goes_the_whole_way(small, tmp_path, name, precision):
    config = str(small(CONFIGS[name]))
    arguments = ["--config", config, f"--trainer.precision={precision}"]
    run, out = tmp_path / "run", tmp_path / "out"
    assert main(["fit", *arguments, "--trainer.max_epochs=1"]) == 0
    wanted = torch.float64 if precision == "64-true" else torch.float32
    state = saved(run)
    assert floating(state["state_dict"]) == floating(state["optimizer_states"]) == {wanted}
    assert all(tensor.isfinite().all() for tensor in state["state_dict"].values())
    assert list((run_folder(run, 0) / "images").glob("*.png"))
    assert main(["validate", *arguments, "--ckpt_path=last"]) == 0

    made = {}
    for taken in (precision, "32-true"):
        predictions = ["--ckpt_path=last", f"--predictions.folder={out / taken}", f"--trainer.precision={taken}"]
        assert main(["predict", *arguments, *predictions]) == 0
        made[taken] = pictures(out / taken)
    assert made[precision].keys() == made["32-true"].keys()
    for picture, pixels in made[precision].items():
        assert np.abs(pixels - made["32-true"][picture]).mean() < 3, picture  # of 255; StyleGAN starts ill-conditioned
        assert pixels.std() > 0


@pytest.mark.parametrize("precision", ["64-true", "16-mixed"])
@pytest.mark.parametrize("name", PAPERS)
def test_a_checkpoint_is_taken_as_it_is(tmp_path, name, precision):
    """Double weights are not rounded on the way, and the scale of gradients goes on."""

    def settings(epochs: int) -> dict[str, Any]:
        how = {"plugins": [float16()]} if precision == "16-mixed" else {"precision": precision}
        return {"max_epochs": epochs, **how}

    path = tmp_path / "last.ckpt"
    module, batch = paper(name)
    train(module, [batch], **settings(1)).save_checkpoint(path)
    whole, parts = paper(name)[0], paper(name)[0]
    train(whole, [batch], **settings(2))
    train(parts, [batch], ckpt_path=path, **settings(2))
    assert differences(whole.state_dict(), parts.state_dict()) == []


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["64-true", "bf16-mixed"])
@pytest.mark.parametrize("name", PAPERS)
def test_resuming_is_exact_in_every_precision(small, tmp_path, name, precision):
    arguments = ["fit", "--config", str(small(CONFIGS[name])), f"--trainer.precision={precision}"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main([*arguments, f"--trainer.default_root_dir={whole}"]) == 0
    parted = [*arguments, f"--trainer.default_root_dir={parts}"]
    assert main([*parted, "--trainer.max_epochs=1"]) == 0
    assert main([*parted, "--ckpt_path=last"]) == 0
    assert differences(saved(whole), saved(parts, 1)) == []


@pytest.mark.parametrize("name", PAPERS)
def test_a_checkpoint_goes_on_in_another_precision(tmp_path, name):
    """64 to 32, to mixed and back: weights, moments, averages and pools."""
    path = tmp_path / "last.ckpt"
    module, batch = paper(name)
    train(module, [batch], precision="64-true").save_checkpoint(path)
    for epochs, precision in enumerate(("32-true", "16-mixed", "bf16-mixed", "16-mixed", "64-true"), start=2):
        before = torch.load(path, weights_only=True)["state_dict"]
        module, _ = paper(name)
        how = {"plugins": [float16()]} if precision == "16-mixed" else {"precision": precision}
        trainer = train(module, [batch], max_epochs=epochs, ckpt_path=path, **how)
        assert trainer.global_step == epochs
        assert floating(module.state_dict()) == {torch.float64 if precision == "64-true" else torch.float32}
        for key, weight in module.named_parameters():
            assert (weight - before[key]).abs().max() < 0.05, key
        trainer.save_checkpoint(path)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("pix2pix", {"objective": "wgan-gp", "norm": "instance"}),
        ("stylegan", {"objective": "wgan-gp", "r1_gamma": 0.0}),
        ("stylegan", {"r1_interval": 2}),
    ],
)
def test_penalties_train_in_every_precision(name, settings):
    """Those of the critics' slopes, and R1 in a step of its own: the losses with them are the same."""
    losses = []
    for how in ({"precision": "64-true"}, {"precision": "bf16-mixed"}, {"plugins": [float16(scale=16.0)]}):
        module, batch = paper(name, **settings)
        metrics = train(module, [batch], **how).callback_metrics
        losses.append({key: value.item() for key, value in metrics.items() if key.startswith("loss/")})
    assert losses[1:] == [pytest.approx(losses[0], rel=0.1, abs=0.05)] * 2


def test_half_precision_weights_of_elsewhere_are_taken_in_full(tmp_path):
    path = tmp_path / "last.ckpt"
    module, batch = paper("cyclegan")
    train(module, [batch]).save_checkpoint(path)
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["state_dict"] = {key: tensor.bfloat16() for key, tensor in checkpoint["state_dict"].items()}
    torch.save(checkpoint, path)
    module, _ = paper("cyclegan")
    train(module, [batch], max_epochs=2, ckpt_path=path)
    assert floating(module.state_dict()) == {torch.float32}


REFUSED = {
    "16-true": "keeps weights and coordinates in 11 significant bits",
    "bf16-true": "keeps weights and coordinates in 8 significant bits",
    "16-mixed": "is for GPUs, not for the CPU",
    "16": "is for GPUs, not for the CPU",
    "transformer-engine": "is for transformers",
    "transformer-engine-float16": "is for transformers",
}


@pytest.mark.parametrize("precision", REFUSED)
@pytest.mark.parametrize("command", ["fit", "predict"])
def test_a_precision_that_would_be_wrong_is_refused_at_the_start(small, tmp_path, capsys, command, precision):
    config = small()
    (tmp_path / "data").rename(tmp_path / "elsewhere")  # it is refused before any data is looked for
    assert main([command, "--config", str(config), f"--trainer.precision={precision}"]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert REFUSED[precision] in message
    assert "set bf16-mixed" in message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("alias", "bits"), [(64, torch.float64), ("64", torch.float64), (32, torch.float32), ("bf16", torch.float32)]
)
def test_aliases_are_taken_as_lightning_takes_them(alias, bits):
    require_precision(alias, "cpu")
    module, batch = paper("pix2pix")
    train(module, [batch], precision=alias)
    assert floating(module.state_dict()) == {bits}


def test_a_trainer_of_ones_own_is_refused_too():
    module, batch = paper("art_dcgan")
    for settings in ({"precision": "16-true"}, {"precision": "bf16-true"}, {"plugins": [HalfPrecision("bf16-true")]}):
        with pytest.raises(ConfigurationError, match="significant bits, in which steps of training"):
            train(module, [batch], **settings)


def test_half_of_a_gpus_precision_is_allowed_there(monkeypatch):
    require_precision("16-mixed", "gpu")
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    require_precision("16-mixed", "auto")
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match="set bf16-mixed"):
        require_precision("16-mixed", "auto")
