"""Twenty steps of Pix2Pix and CycleGAN in double precision, against their papers' formulas written out."""

import itertools
from collections.abc import Iterable

import pytest
import torch
from torch import Tensor, nn

from gan_lab.modules import CycleGANModule, Pix2PixModule
from tests.training import train

STEPS = 20
TOLERANCE = 1e-13  # relative, of every loss of every step
SIDE = 32


class Adam:
    """Kingma and Ba 2015, algorithm 1, with the rate and the betas of both papers."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = list(parameters)
        self.moments = [(torch.zeros_like(weight), torch.zeros_like(weight)) for weight in self.parameters]
        self.time = 0

    def step(self, loss: Tensor) -> None:
        self.time += 1
        gradients = torch.autograd.grad(loss, self.parameters)
        for weight, gradient, (m, v) in zip(self.parameters, gradients, self.moments, strict=True):
            m.copy_(0.5 * m + 0.5 * gradient)
            v.copy_(0.999 * v + 0.001 * gradient * gradient)
            m_hat, v_hat = m / (1 - 0.5**self.time), v / (1 - 0.999**self.time)
            weight.data -= 2e-4 * m_hat / (v_hat.sqrt() + 1e-8)


def cross_entropy(logits: Tensor, real: bool) -> Tensor:
    """-log D for real ones, -log(1 - D) for generated ones, D the logistic function of the logits."""
    return torch.logaddexp(torch.zeros_like(logits), -logits if real else logits).mean()


def squares(logits: Tensor, label: float) -> Tensor:
    return ((logits - label) ** 2).mean()


def l1(one: Tensor, two: Tensor) -> Tensor:
    return (one - two).abs().mean()


def images(step: int, name: int) -> Tensor:
    generator = torch.Generator().manual_seed(1000 * name + step)
    return torch.rand(1, 3, SIDE, SIDE, generator=generator, dtype=torch.double) * 2 - 1


def pix2pix_losses(module: Pix2PixModule) -> list[dict[str, float]]:
    """Isola et al. 2017, section 3: D on pairs, its loss halved; then G with L1 times 100."""
    generator, judge = module.generator, module.discriminator
    adam_g, adam_d = Adam(generator.parameters()), Adam(judge.parameters())
    losses = []
    for step in range(STEPS):
        x, y = images(step, 0), images(step, 1)
        made = generator(x)
        real, fake = judge(torch.cat([x, y], 1)), judge(torch.cat([x, made.detach()], 1))
        loss_d = (cross_entropy(real, True) + cross_entropy(fake, False)) / 2
        adam_d.step(loss_d)
        loss_g, distance = cross_entropy(judge(torch.cat([x, made], 1)), True), l1(y, made)
        adam_g.step(loss_g + 100 * distance)
        losses.append({"discriminator": loss_d.item(), "generator": loss_g.item(), "l1": distance.item()})
    return losses


def cyclegan_losses(module: CycleGANModule) -> list[dict[str, float]]:
    """Zhu et al. 2017, sections 3 and 4: least squares, cycles times 10, identities times 5; G first.

    The pools of 50 are not full in twenty steps, so the discriminators see the newest images.
    """
    g, f = module.generators["AtoB"], module.generators["BtoA"]
    judge_a, judge_b = module.discriminators["A"], module.discriminators["B"]
    adam_g, adam_d = Adam(module.generators.parameters()), Adam(module.discriminators.parameters())
    losses = []
    for step in range(STEPS):
        a, b = images(step, 0), images(step, 1)
        made_b, made_a = g(a), f(b)
        parts = {
            "generator_a": squares(judge_b(made_b), 1),
            "generator_b": squares(judge_a(made_a), 1),
            "cycle_a": l1(f(made_b), a),
            "cycle_b": l1(g(made_a), b),
            "identity_a": l1(f(a), a),
            "identity_b": l1(g(b), b),
        }
        weights = {"generator": 1, "cycle": 10, "identity": 5}
        adam_g.step(sum(weights[name[:-2]] * part for name, part in parts.items()))
        for name, judge, real, made in (("a", judge_a, a, made_a), ("b", judge_b, b, made_b)):
            game = squares(judge(real), 1) + squares(judge(made.detach()), 0)
            parts[f"discriminator_{name}"] = game / 2
        adam_d.step(parts["discriminator_a"] + parts["discriminator_b"])
        losses.append({name: part.item() for name, part in parts.items()})
    return losses


@pytest.mark.parametrize(
    ("paper", "settings", "keys", "written"),
    [
        (Pix2PixModule, {"image_size": SIDE, "dropout": False}, ("source", "target"), pix2pix_losses),
        (CycleGANModule, {"blocks": 1}, ("a", "b"), cyclegan_losses),
    ],
    ids=["pix2pix", "cyclegan"],
)
def test_twenty_steps_are_the_papers(paper, settings, keys, written):
    small = {"generator_channels": 4, "discriminator_channels": 4, "receptive_field": 16}
    module, twin = paper(**settings, **small).double(), paper(**settings, **small).double()
    twin.load_state_dict(module.state_dict())
    batches = [{key: images(step, name) for name, key in enumerate(keys)} | {"name": ["x"]} for step in range(STEPS)]
    ours = []

    def note(trainer, *_):
        ours.append({name: value.item() for name, value in trainer.callback_metrics.items() if "loss/" in name})

    train(module, batches, on_train_batch_end=note, precision="64-true")
    for step, (mine, theirs) in enumerate(itertools.zip_longest(ours, written(twin))):
        for name, value in theirs.items():
            assert mine[f"loss/{name}"] == pytest.approx(value, rel=TOLERANCE, abs=0), (step, name)
    for (name, mine), weight in zip(module.named_parameters(), twin.parameters(), strict=True):
        if name.endswith("weight"):  # of a bias before a norm, which cancels it, the gradient is noise about zero
            torch.testing.assert_close(mine, weight, rtol=0, atol=1e-13, msg=name)
