"""Training from Python in two processes that have not the same to do."""

import os

import pytest
import torch
from lightning.pytorch import Trainer
from torch import nn
from torch.multiprocessing import ProcessRaisedException
from torch.utils.data import DataLoader

from gan_lab.samples import ImageSample
from gan_lab.training.gan_module import GANModule
from gan_lab.training.optimizers import OptimizersByRole


class OneEach(GANModule):
    """Three weights, of which a process's step needs that of its own rank alone."""

    learns_from = ImageSample

    def __init__(self, folder):
        super().__init__()
        self.weights = nn.ParameterList([torch.zeros(2), torch.zeros(2), torch.zeros(2)])
        self.folder = folder

    def build_optimizers(self):
        return OptimizersByRole(torch.optim.SGD(self.weights, lr=1.0))

    def adversarial_step(self, batch):
        self.minimize((self.weights[self.global_rank] * (1 + self.global_rank)).sum(), self.optimizer_g)

    def on_train_end(self):
        weights = [weight.detach().clone() for weight in self.weights]
        torch.save(weights, self.folder / f"{self.global_rank}.pt")

    def render(self, batch, first=0):
        return {}

    def predict_step(self, request, batch_idx=0):
        raise NotImplementedError


class FewerForTheSecond(DataLoader):
    def __len__(self):
        return 2 - int(os.environ["LOCAL_RANK"])


def train_in_two(folder, loader):
    trainer = Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp_fork",
        use_distributed_sampler=False,
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(OneEach(folder), loader([{"image": torch.zeros(1, 3, 4, 4)}] * 2, batch_size=None))


def test_both_take_the_mean_step_of_every_weight(tmp_path):
    train_in_two(tmp_path, DataLoader)
    for rank in range(2):
        weights = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert [weight.tolist() for weight in weights] == [[-1.0, -1.0], [-2.0, -2.0], [0.0, 0.0]]  # two steps


def test_loaders_of_which_one_ends_before_the_other_are_refused(tmp_path):
    with pytest.raises(ProcessRaisedException, match="processes have 2, 1 batches in an epoch"):
        train_in_two(tmp_path, FewerForTheSecond)
