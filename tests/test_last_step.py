"""A run's last step is logged and validated, however seldom others are; a longer run goes on all the same."""

import csv

import pytest
import torch

from gan_lab.cli import main
from gan_lab.modules import SAGANPoseModule
from tests.test_resume import LAST, differences, rows, run_folder
from tests.test_sagan_pose import SMALL, people
from tests.training import train

SELDOM = {"trainer__check_val_every_n_epoch": 100, "trainer__log_every_n_steps": 50}


def logged(folder, metric):
    """The steps at which it was."""
    with (folder / "metrics.csv").open() as file:
        return [int(row["step"]) for row in csv.DictReader(file) if row.get(metric)]


@pytest.mark.parametrize(
    ("config", "loss", "measure", "ends"),
    [
        ("pix2pix_emoji", "loss/l1", "val/l1", {"max_epochs": 2}),
        ("pix2pix_emoji", "loss/l1", "val/l1", {"max_epochs": -1, "max_steps": 5}),  # in the middle of an epoch
    ],
)
def test_a_run_shorter_than_the_intervals_leaves_metrics_a_picture_and_a_best(
    small, tmp_path, config, loss, measure, ends
):
    ends = {f"trainer__{name}": value for name, value in ends.items()}
    assert main(["fit", "--config", str(small(config, **SELDOM, **ends))]) == 0
    folder = run_folder(tmp_path / "run", 0)
    steps = torch.load(folder / LAST, weights_only=True)["global_step"]
    assert logged(folder, measure) == [steps - 1]
    assert logged(folder, loss) == [2, steps - 1]  # and at the end of the epoch before
    assert [path.stem.split("step=")[1] for path in (folder / "images").iterdir()] == [f"{steps:07d}"]
    assert torch.load(folder / "checkpoints/best.ckpt", weights_only=True)["global_step"] == steps


def test_a_run_without_logs_or_validations_stays_without(small, tmp_path):
    quiet = {"trainer__log_every_n_steps": 0, "trainer__limit_val_batches": 0}
    assert main(["fit", "--config", str(small(trainer__max_epochs=1, **quiet))]) == 0
    folder = run_folder(tmp_path / "run", 0)
    assert not (folder / "images").exists()
    assert not (folder / "metrics.csv").exists()


@pytest.mark.parametrize("ended", ["--trainer.max_epochs=3", "--trainer.max_steps=7"])
def test_a_run_that_is_made_longer_ends_as_if_it_had_been_as_long(small, tmp_path, ended):
    config = str(small(trainer__max_epochs=5, trainer__check_val_every_n_epoch=2, model__constant_epochs=9))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main(["fit", "--config", config, f"--trainer.default_root_dir={whole}"]) == 0
    assert main(["fit", "--config", config, f"--trainer.default_root_dir={parts}", ended]) == 0
    begun = torch.load(run_folder(parts, 0) / LAST, weights_only=True)["global_step"]
    assert logged(run_folder(parts, 0), "val/l1")[-1] == begun - 1
    assert main(["fit", "--config", config, f"--trainer.default_root_dir={parts}", "--ckpt_path=last"]) == 0
    one, two = run_folder(whole, 0), run_folder(parts, 1)
    assert differences(*(torch.load(folder / LAST, weights_only=True) for folder in (one, two))) == []
    assert rows(one, begun) == rows(two, 0)


def test_a_run_that_stops_itself_is_validated_first():
    def stop(trainer, *_):
        trainer.should_stop = trainer.global_step == 2

    module = SAGANPoseModule(**SMALL, adversarial=False)
    trainer = train(module, [people()] * 3, [people()], stop, max_epochs=9, check_val_every_n_epoch=5)
    assert trainer.global_step == 2
    assert any(name.startswith("val/") for name in trainer.callback_metrics)
