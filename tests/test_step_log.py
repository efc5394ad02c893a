"""What steps log is read from the device together, and only where somebody sees it."""

import torch
from lightning.pytorch.loggers import CSVLogger

from gan_lab.modules import SAGANPoseModule
from gan_lab.training.step_log import StepLog
from tests.test_last_step import logged
from tests.test_sagan_pose import SMALL, people
from tests.training import train


def test_values_are_read_in_the_order_in_which_they_were_noted():
    log = StepLog()
    log.note({"loss/a": torch.tensor(1.5)}, on_bar=True)
    log.note({"growth/kimg": 3, "loss/b": torch.tensor(2.0, dtype=torch.float64)}, on_bar=False)
    assert log.read() == ({"loss/a": 1.5, "growth/kimg": 3.0, "loss/b": 2.0}, {"loss/a": 1.5})
    assert log.tensors() == {"loss/a": 1.5, "growth/kimg": 3.0, "loss/b": 2.0}
    log.begin()
    assert log.read() == ({}, {})


def test_callbacks_have_exact_values_the_log_those_of_its_steps_and_the_bar_lags(tmp_path):
    """Of an epoch of six steps the fourth and the last are written, and the bar has the first besides."""
    losses, shown = [], []

    def note(trainer, *_):
        losses.append(trainer.callback_metrics["loss/heatmaps"].item())
        shown.append(trainer.progress_bar_metrics.get("loss/heatmaps"))

    logger = CSVLogger(tmp_path, name="", version="")
    trainer = train(SAGANPoseModule(**SMALL), [people()] * 6, None, note, logger=logger, log_every_n_steps=4)
    assert len(set(losses)) == 6
    assert shown == [None, *[losses[0]] * 3, *[losses[3]] * 2]
    assert trainer.progress_bar_metrics["loss/heatmaps"] == losses[5]
    assert logged(tmp_path, "loss/heatmaps") == logged(tmp_path, "balance/k") == [3, 5]
