"""What steady steps ask of a device: on a GPU, each number read and each tensor made of numbers is a wait."""

import pytest
import torch
from lightning.pytorch import Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.on_gpu.papers import PAPERS
from benchmarks.operations import OperationCounter, StepOperations
from gan_lab.modules import ArtDCGANModule

FIRST, STEPS = 3, 2


def by_logging(place: str) -> bool:
    """Whether it is Lightning's, where it makes numbers of what a progress bar is to show."""
    return place.startswith("utilities/apply_func.py:")


def counted(module, batches) -> StepOperations:
    operations = StepOperations(FIRST, STEPS)
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[operations],
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


@pytest.mark.parametrize("paper", ["pix2pix", "cyclegan", "dcgan"])
def test_a_steady_step_reads_no_number_but_for_what_is_logged_and_makes_no_tensor_of_one(paper):
    operations = counted(PAPERS[paper].build(tiny=True), PAPERS[paper].batches(3, tiny=True))
    assert not [place for place in operations.counter.reads if not by_logging(place)]
    assert not operations.counter.made
    assert operations.a_step()["operations"] > 100


def test_what_a_step_reads_or_makes_is_counted_a_step(monkeypatch):
    step = ArtDCGANModule.move_averages

    def reading(module: ArtDCGANModule, batch: dict[str, Tensor]) -> None:
        batch["image"].sum().item()
        torch.tensor(1.0)
        step(module, batch)

    monkeypatch.setattr(ArtDCGANModule, "move_averages", reading)
    operations = counted(PAPERS["dcgan"].build(tiny=True), PAPERS["dcgan"].batches(3, tiny=True))
    for place in filter(by_logging, list(operations.counter.reads)):
        del operations.counter.reads[place]
    assert operations.a_step()["reads"] == operations.a_step()["made"] == 1
