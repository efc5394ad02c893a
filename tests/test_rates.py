"""No run comes to epochs in which nothing is learned unless it is asked to."""

from itertools import pairwise

import pytest
import torch
import yaml

from gan_lab.errors import ConfigurationError
from gan_lab.modules import CycleGANModule, Pix2PixModule, SAGANPoseModule
from tests.conftest import PROJECT
from tests.training import train

SMALL = {"image_size": 32, "generator_channels": 2, "discriminator_channels": 2, "receptive_field": 16}
PAIR = {"source": torch.rand(1, 3, 32, 32), "target": torch.rand(1, 3, 32, 32), "name": ["a"]}
SCHEDULED = {
    path.stem: tree
    for path in sorted((PROJECT / "configs").glob("*.yaml"))
    if "allow_zero_lr" in (tree := yaml.safe_load(path.read_text()))["model"]["init_args"]
}


def module(**settings) -> Pix2PixModule:
    return Pix2PixModule(**SMALL, **{"constant_epochs": 1, "decay_epochs": 1} | settings)


@pytest.mark.filterwarnings("ignore:`max_epochs` was not set")
@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_epochs": 5}, r"epochs 2-4 would train at rate 0: raise model\.decay_epochs, or set trainer"),
        ({"max_epochs": 3}, r"epoch 2 would train at rate 0"),
        ({"max_epochs": -1}, r"from epoch 2 on training would be at rate 0: .*, or set trainer\.max_epochs to 2"),
        ({"max_epochs": None}, r"epochs 2-999 would train"),
        ({"max_epochs": -1, "max_steps": 5}, r"epoch 2 would train at rate 0: .*, or lower trainer\.max_steps"),
        ({"max_epochs": 90, "max_steps": 7}, r"epochs 2-3 would train"),
    ],
)
def test_epochs_at_rate_zero_are_refused_before_the_first_step(limits, message):
    network = module()
    before = [parameter.clone() for parameter in network.parameters()]
    with pytest.raises(ConfigurationError, match=message):
        train(network, [PAIR] * 2, **limits)
    assert all(torch.equal(*two) for two in zip(before, network.parameters(), strict=True))


@pytest.mark.parametrize(
    "limits", [{"max_epochs": 2}, {"max_epochs": -1, "max_steps": 4}, {"max_epochs": 90, "max_steps": 3}]
)
def test_a_run_that_ends_with_its_decay_is_not_refused(limits):
    assert train(module(), [PAIR] * 2, **limits).global_step == min(4, limits.get("max_steps", 4))


def test_who_insists_trains_on_and_changes_nothing():
    network, weights = module(allow_zero_lr=True), []

    def note(*_) -> None:
        weights.append(torch.cat([parameter.detach().flatten() for parameter in network.parameters()]))

    train(network, [PAIR], max_epochs=4, on_train_batch_end=note)
    assert [torch.equal(*two) for two in pairwise(weights)] == [False, True, True]


def test_a_resumed_run_is_refused_by_the_epochs_and_steps_of_the_whole(tmp_path):
    path = tmp_path / "x.ckpt"

    def save(trainer, *_) -> None:
        if trainer.global_step == 6:  # amid the second epoch
            trainer.save_checkpoint(path)

    train(module(), [PAIR] * 4, max_epochs=2, on_train_batch_end=save)
    resumed = train(module(), [PAIR] * 4, max_epochs=2, ckpt_path=path)
    assert resumed.global_step == 8
    assert train(module(), [PAIR] * 4, max_epochs=-1, max_steps=8, ckpt_path=path).global_step == 8
    for limits in ({"max_epochs": 3}, {"max_epochs": -1, "max_steps": 9}):
        with pytest.raises(ConfigurationError, match="epoch 2 would train at rate 0"):
            train(module(), [PAIR] * 4, ckpt_path=path, **limits)
    resumed.save_checkpoint(path)
    with pytest.raises(ConfigurationError, match="epochs 2-9 would train at rate 0"):
        train(module(), [PAIR] * 4, ckpt_path=path, max_epochs=10)


def test_both_translating_papers_say_so():
    cyclegan = CycleGANModule(**SMALL, generator="unet", constant_epochs=0, decay_epochs=1)
    with pytest.raises(ConfigurationError, match=r"epochs 1-3 would train at rate 0: raise model\.decay_epochs"):
        train(cyclegan, [{"a": PAIR["source"], "b": PAIR["target"], "name": ["a"]}], max_epochs=4)


def test_milestones_that_leave_nothing_are_refused():
    pose = SAGANPoseModule("lsp", stacks=1, depth=2, channels=8, discriminator_channels=8, milestones=(1, 2), lr=1e-3)
    assert pose.epoch_rate_factor(9) == pytest.approx(0.04)
    for settings, epochs in (({"decay_factor": 0.0}, "1-4"), ({"decay_factor": 1e-4}, "2-4")):
        pose = SAGANPoseModule("lsp", stacks=1, depth=2, channels=8, milestones=(1, 2), **settings)
        with pytest.raises(ConfigurationError, match=f"epochs {epochs} would train at rate 0: raise model.milestones"):
            train(pose, [PAIR], max_epochs=5)


@pytest.mark.parametrize(
    ("paper", "settings", "message"),
    [
        (Pix2PixModule, {"constant_epochs": -1}, r"model\.constant_epochs must be at least 0, got -1"),
        (CycleGANModule, {"decay_epochs": -100}, r"model\.decay_epochs must be at least 0, got -100"),
        (SAGANPoseModule, {"milestones": (40, -1)}, "milestones must be at least 0, got -1"),
        (SAGANPoseModule, {"decay_factor": 5.0}, "decay_factor must be at least 0 and at most 1, got 5.0"),
        (SAGANPoseModule, {"decay_factor": float("nan")}, "decay_factor must be"),
        (SAGANPoseModule, {"balance_rate": 0.0}, "balance_rate must be above 0, got 0.0"),
        (SAGANPoseModule, {"balance_ratio": -1.0}, r"model\.balance_ratio must be at least 0, got -1\.0"),
    ],
)
def test_numbers_that_make_no_schedule_are_refused(paper, settings, message):
    with pytest.raises(ConfigurationError, match=message):
        paper(**settings)


@pytest.mark.parametrize("config", SCHEDULED)
def test_shipped_experiments_learn_to_their_last_epoch(config):
    tree = SCHEDULED[config]
    options, last = tree["model"]["init_args"], tree["trainer"]["max_epochs"] - 1
    if "milestones" in options:
        assert options["decay_factor"] ** len(options["milestones"]) >= 0.008
    else:
        assert options["decay_epochs"] == 0 or options["constant_epochs"] + options["decay_epochs"] > last
