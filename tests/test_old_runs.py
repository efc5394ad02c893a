"""Runs that an earlier version left behind are predicted from and resumed as that version did; see data/old_runs."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

import gan_lab.modules
from gan_lab.cli import main
from gan_lab.images.signature import SIGNATURE
from gan_lab.seeding import Purpose, derive_seed
from tests.conftest import PROJECT
from tests.fakes import WRITERS

OLD_RUNS = PROJECT / "tests" / "data" / "old_runs"
PAPERS = sorted(path.name for path in OLD_RUNS.iterdir() if path.is_dir())
TOLERANCE = {"rel": 1e-3, "abs": 1e-5}  # of a logged value: processors round differently, and Adam magnifies it
MEASURED_OTHERWISE = {
    "art_dcgan": {"val/discriminator"},  # images of a batch shared its statistics then
    "stylegan": {"val/diversity", "val/frechet", "val/kernel"},  # all images had the same noise then
}


@pytest.fixture
def data(request, tmp_path) -> Path:
    """The data set that the run of that paper was trained on."""
    config = yaml.safe_load((OLD_RUNS / request.getfixturevalue("paper") / "version_0" / "config.yaml").read_text())
    return WRITERS[config["data"]["class_path"].rpartition(".")[2]](tmp_path / "data")


def last(run: Path) -> str:
    return str(run / "version_0" / "checkpoints" / "last.ckpt")


def predict(run: Path, data: Path, folder: Path) -> Path:
    arguments = ["--ckpt_path", last(run), f"--data.root={data}", f"--predictions.folder={folder}"]
    assert main(["predict", *arguments]) == 0
    return folder


def values(node: Any) -> list[Any]:
    """The leaves of a JSON tree, in order."""
    if isinstance(node, dict):
        node = [item for pair in node.items() for item in pair]
    return [leaf for item in node for leaf in values(item)] if isinstance(node, list) else [node]


def require_same_predictions(found: Path, expected: Path) -> None:
    files = [path for path in sorted(expected.rglob("*")) if path.is_file()]
    assert files
    for path in files:
        twin = found / path.relative_to(expected)
        if path.suffix == ".json":
            one, two = (json.loads(file.read_text()) for file in (twin, path))
            assert one.pop("info") == {"description": SIGNATURE}
            one, two = values(one), values(two)
            equal = [
                x == (pytest.approx(y, abs=1e-3) if isinstance(y, float) else y) for x, y in zip(one, two, strict=True)
            ]
            assert np.mean(equal) > 0.98  # the highest of two nearly equal cells is either of them
        else:
            one, two = (np.asarray(Image.open(file), np.float32) for file in (twin, path))
            np.testing.assert_allclose(one, two, rtol=0, atol=1, err_msg=str(path))


def logged(path: Path) -> list[dict[str, float]]:
    with path.open() as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def test_every_paper_has_an_old_run():
    assert PAPERS == ["art_dcgan", "cyclegan", "pix2pix", "sagan_pose", "stylegan"]


@pytest.mark.parametrize("paper", PAPERS)
def test_an_old_checkpoint_predicts_the_same(paper, data, tmp_path):
    found = predict(OLD_RUNS / paper, data, tmp_path / "found")
    require_same_predictions(found, OLD_RUNS / paper / "predicted")


@pytest.fixture
def seeds_of_then(monkeypatch) -> None:
    """Seeds had no purpose: with those of then, all else must come out as it did."""
    for place in ("training.gan_module", "datasets.loader", "datasets.growing_batch_sampler"):
        monkeypatch.setattr(f"gan_lab.{place}.derive_seed", lambda _, *counters: derive_seed(Purpose.ORDER, *counters))


@pytest.mark.parametrize("paper", PAPERS)
def test_an_old_run_goes_on_the_same(paper, data, tmp_path, seeds_of_then):
    old = OLD_RUNS / paper
    config = str(old / "version_0" / "config.yaml")
    resume = ["--config", config, "--ckpt_path", last(old), f"--data.root={data}"]
    assert main(["fit", *resume, f"--trainer.default_root_dir={tmp_path}"]) == 0
    left_out = MEASURED_OTHERWISE.get(paper, set())
    expected = [
        {name: value for name, value in row.items() if name not in left_out}
        for row in logged(old / "resumed" / "metrics.csv")
    ]
    found = logged(tmp_path / "version_0" / "metrics.csv")
    assert len(found) == len(expected) > 2
    for one, two in zip(found, expected, strict=True):
        assert {name: one.get(name) for name in two} == pytest.approx(two, **TOLERANCE)
    predicted = predict(tmp_path, data, tmp_path / "found")
    require_same_predictions(predicted, old / "resumed" / "predicted")


@pytest.mark.parametrize("paper", PAPERS)
def test_an_old_checkpoint_loads_in_python_with_its_settings(paper):
    path = last(OLD_RUNS / paper)
    saved = torch.load(path, weights_only=True)
    cls = getattr(gan_lab.modules, saved["hyper_parameters"]["_class_path"].rpartition(".")[2])
    module = cls.load_from_checkpoint(path)
    assert sum(weight.numel() for weight in module.state_dict().values()) == sum(
        weight.numel() for name, weight in saved["state_dict"].items() if name not in ("images_seen", "phase")
    )
    if paper == "stylegan":
        assert module.truncation_psi == saved["hyper_parameters"]["psi"] != 0.7  # the default
        assert module.images_seen == int(saved["state_dict"]["images_seen"])
        assert cls.load_from_checkpoint(path, truncation_psi=0.3).truncation_psi == 0.3
