"""``trainer.gradient_clip_val``: what each player's optimizer steps with is clipped, by itself and at its own size."""

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import GradientAccumulationScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from gan_lab.errors import ConfigurationError
from gan_lab.training import distributed
from tests.papers import PAPERS, float16, paper
from tests.training import train


def stepped_with(name: str, **settings) -> list[Tensor]:
    """The gradient that each step of an optimizer was made with, in two global steps from the same weights."""
    module, batch = paper(name)
    seen: list[Tensor] = []
    configure = module.configure_optimizers

    def watched() -> list[Optimizer]:
        optimizers = configure()
        for optimizer in optimizers:
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]

            def note(*_, weights=weights) -> None:
                seen.append(torch.cat([weight.grad.flatten() for weight in weights if weight.grad is not None]))

            optimizer.register_step_post_hook(note)  # Lightning clips within the step
        return optimizers

    module.configure_optimizers = watched
    train(module, [batch] * 2, **settings)
    return seen


@pytest.mark.parametrize("name", PAPERS)
def test_each_player_is_clipped_by_itself(name):
    free = stepped_with(name)
    size = min(float(gradient.norm()) for gradient in free) / 3
    clipped = stepped_with(name, gradient_clip_val=size)
    assert len(clipped) == len(free)
    assert [float(gradient.norm()) for gradient in clipped] == pytest.approx([size] * len(free), rel=1e-3)
    torch.testing.assert_close(clipped[0], free[0] * size / free[0].norm(), rtol=1e-3, atol=1e-8)
    assert all(map(torch.equal, stepped_with(name, gradient_clip_val=1e9), free))


def test_values_are_clipped():
    free = stepped_with("art_dcgan")
    limit = float(free[0].abs().median())
    clipped = stepped_with("art_dcgan", gradient_clip_val=limit, gradient_clip_algorithm="value")
    assert torch.equal(clipped[0], free[0].clamp(-limit, limit))
    assert all(gradient.abs().max() <= limit for gradient in clipped)


@pytest.mark.parametrize("name", ["art_dcgan", "sagan_pose"])  # of fused Adam and of RMSprop, which is not fused
def test_gradients_are_clipped_at_their_own_size_under_float16(name):
    found = [stepped_with(name, gradient_clip_val=1e-3, plugins=[float16(scale)]) for scale in (64.0, 256.0)]
    for one, other in zip(*found, strict=True):
        assert float(one.norm()) == pytest.approx(1e-3, rel=1e-2)
        assert float(other.norm()) == pytest.approx(1e-3, rel=1e-2)


def test_processes_average_once_a_step_and_player(monkeypatch):
    module, batch = paper("art_dcgan")
    calls: list[int] = []
    monkeypatch.setattr(distributed, "average_gradients", lambda parameters: calls.append(len(parameters)))
    train(module, [batch] * 6, accumulate_grad_batches=3)
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"callbacks": [GradientAccumulationScheduler({1: 2})]}, "GradientAccumulationScheduler"),
        ({"accumulate_grad_batches": 0}, "trainer.accumulate_grad_batches must be at least 1, got 0"),
        ({"gradient_clip_val": -0.5}, "trainer.gradient_clip_val must be at least 0, got -0.5"),
        ({"gradient_clip_val": float("nan")}, "trainer.gradient_clip_val must be"),
    ],
)
def test_impossible_numbers_are_refused(settings, message):
    module, batch = paper("art_dcgan")
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, max_epochs=1, **settings)
    with pytest.raises(ConfigurationError, match=message):
        trainer.fit(module, DataLoader([batch], batch_size=None))
