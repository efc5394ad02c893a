"""What steady steps ask of a device: on a GPU, each number read and each tensor made of numbers is a wait."""

from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

from benchmarks.on_gpu.papers import PAPERS
from benchmarks.operations import OperationCounter, StepOperations
from gan_lab.modules import ArtDCGANModule
from gan_lab.training.held_batches import HeldBatches

FIRST, STEPS = 3, 2


def counted(module, batches, **settings) -> StepOperations:
    operations = StepOperations(FIRST, STEPS)
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=1,
        enable_checkpointing=False,
        enable_model_summary=False,
        callbacks=[operations],
        **{"logger": False, **settings},
    )
    trainer.fit(module, DataLoader([*batches, *batches], batch_size=None))
    return operations


def test_operations_reads_and_tensors_made_are_told_apart():
    one = torch.ones(3)
    with OperationCounter() as counter:
        (one + one).sum().item()
        one.new_tensor([1.0, 2.0])
    assert counter.operations["aten::add"] == counter.operations["aten::sum"] == 1
    assert counter.reads.total() == counter.made.total() == 1


@pytest.mark.parametrize("paper", ["pix2pix", "cyclegan", "dcgan", "stylegan", "sagan_pose"])
def test_a_steady_step_reads_no_number_and_makes_no_tensor_of_one(paper):
    """Lightning's progress bar is on."""
    operations = counted(PAPERS[paper].build(tiny=True), PAPERS[paper].batches(3, tiny=True))
    assert not operations.counter.reads
    assert not operations.counter.made
    assert operations.a_step()["operations"] > 100


def test_a_step_that_is_logged_reads_its_values_together(tmp_path):
    built = PAPERS["cyclegan"].build(tiny=True), PAPERS["cyclegan"].batches(3, tiny=True)
    silent = counted(*built).a_step()
    logged = counted(*built, logger=CSVLogger(tmp_path), log_every_n_steps=1)
    assert not logged.counter.reads  # on the CPU a tensor is read as a list without any
    assert 0 < logged.a_step()["operations"] - silent["operations"] <= 2


def test_what_a_step_reads_or_makes_is_counted_a_step(monkeypatch):
    step = ArtDCGANModule.move_averages

    def reading(module: ArtDCGANModule, held: HeldBatches[Any]) -> None:
        held.batches[0]["image"].sum().item()
        torch.tensor(1.0)
        step(module, held)

    monkeypatch.setattr(ArtDCGANModule, "move_averages", reading)
    operations = counted(PAPERS["dcgan"].build(tiny=True), PAPERS["dcgan"].batches(3, tiny=True))
    assert operations.a_step()["reads"] == operations.a_step()["made"] == 1
