import pytest
import torch
from torch import nn

from gan_lab.modules import Pix2PixModule
from gan_lab.training.optimizers import AdamSettings, ConfiguredSettings, LazyRegularization, OptimizersByRole, RMSprop
from tests.training import train


def test_each_group_goes_back_to_its_own_settings():
    fast, slow = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    groups = [{"params": [fast]}, {"params": [slow], "lr": 0.01, "weight_decay": 0.3}]
    optimizer = torch.optim.Adam(groups, lr=0.1, betas=(0.5, 0.9))
    configured = ConfiguredSettings(OptimizersByRole(optimizer))
    other = torch.optim.Adam([{"params": [fast]}, {"params": [slow]}], lr=7.0, betas=(0.1, 0.2), weight_decay=5.0)
    optimizer.load_state_dict(other.state_dict())  # as a checkpoint's are
    configured.restore(0.5)
    found = [(group["lr"], group["betas"], group["weight_decay"]) for group in optimizer.param_groups]
    assert found == [(0.05, (0.5, 0.9), 0), (0.005, (0.5, 0.9), 0.3)]
    configured.restore(1.0)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.01]


def test_a_papers_groups_keep_their_own_rates_through_training():
    class TwoRates(Pix2PixModule):
        def build_optimizers(self) -> OptimizersByRole:
            first, *rest = self.generator.parameters()
            groups = [{"params": [first], "lr": 1e-5}, {"params": rest}]
            return OptimizersByRole(torch.optim.Adam(groups, lr=1e-3), self.adam.over(self.discriminator.parameters()))

    module = TwoRates(
        32, generator_channels=2, discriminator_channels=2, receptive_field=16, constant_epochs=0, decay_epochs=3
    )
    rates = []

    def note(trainer, *_) -> None:
        rates.append([group["lr"] for group in trainer.optimizers[0].param_groups])

    batch = {"source": torch.rand(1, 3, 32, 32), "target": torch.rand(1, 3, 32, 32)}
    train(module, [batch], max_epochs=2, on_train_batch_end=note)
    assert rates == [pytest.approx([1e-5 * share, 1e-3 * share]) for share in (3 / 4, 2 / 4)]


def test_lazy_regularization_weighs_as_much_as_in_every_step():
    lazy = LazyRegularization(16)
    assert [step for step in range(40) if lazy.due(step)] == [0, 16, 32]
    assert lazy.weight(0.5) == 8.0
    corrected = lazy.correct(AdamSettings(0.002, (0.0, 0.99)))  # StyleGAN2's discriminator: c = 16/17
    assert corrected.lr == pytest.approx(0.0018824, abs=1e-7)
    assert corrected.betas == pytest.approx((0.0, 0.9905855), abs=1e-6)


def test_a_penalty_of_every_step_is_none_of_its_own():
    every = LazyRegularization(1)
    assert not any(every.due(step) for step in range(5))
    assert every.correct(AdamSettings(0.1, (0.5, 0.9))) == AdamSettings(0.1, (0.5, 0.9))


def test_rmsprop_is_torchs_number_for_number_and_passes_over_what_has_no_gradient():
    shapes = [(4, 3), (7,), (2, 2, 3, 3)]
    weights = [[nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2)]
    ours, theirs = RMSprop(weights[0], 0.01), torch.optim.RMSprop(weights[1], 0.01, foreach=True)
    for step in range(5):
        for one, two in zip(*weights, strict=True):
            one.grad = two.grad = None if step % 2 and one.dim() == 1 else torch.randn_like(one)
        ours.step()
        theirs.step()
    assert all(torch.equal(one, two) for one, two in zip(*weights, strict=True))
    RMSprop(weights[0], 0.01).load_state_dict(theirs.state_dict())
