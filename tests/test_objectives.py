"""What each paper minimizes, to the factor: gradients of a step against formulas written out; see docs/objectives.md.

Adam and RMSprop hardly see a factor that is common to a whole loss, so that weights after a step would not show it.
"""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.modules import ArtDCGANModule, CycleGANModule, GANModule, Pix2PixModule, SAGANPoseModule, StyleGANModule
from gan_lab.pose.heatmaps import render_heatmaps
from gan_lab.seeding import Purpose, derive_seed, seed_generators
from tests import test_art_dcgan, test_cyclegan, test_pix2pix, test_sagan_pose, test_stylegan
from tests.training import train

Game = tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]

GAMES: dict[str, Game] = {  # the discriminator's loss of real and fake logits, the generator's of fake ones
    "vanilla": (
        lambda real, fake: -real.sigmoid().log().mean() - (1 - fake.sigmoid()).log().mean(),
        lambda fake: -fake.sigmoid().log().mean(),
    ),
    "lsgan": (
        lambda real, fake: ((real - 1) ** 2).mean() + (fake**2).mean(),
        lambda fake: ((fake - 1) ** 2).mean(),
    ),
    "hinge": (
        lambda real, fake: (1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean(),
        lambda fake: -fake.mean(),
    ),
    "wgan-gp": (lambda real, fake: fake.mean() - real.mean(), lambda fake: -fake.mean()),
}


def slope_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """E (|slope of the critic's value| - 1)^2 between real and generated images, the share of the real one given."""
    between = (share * real + (1 - share) * fake.detach()).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).flatten(1).mean(1).sum(), between, create_graph=True)
    return ((slope.flatten(1).square().sum(1).sqrt() - 1) ** 2).mean()


def step(module: GANModule, batch: Any) -> tuple[Any, dict[str, Tensor]]:
    """A copy of a module, in double precision, and the gradients of a step at a rate that moves no weight."""
    module = module.double()
    copy = type(module)(**module.hparams).double()
    copy.load_state_dict(module.state_dict())
    gradients: dict[str, Tensor] = {}

    def note(trainer: Any, module: nn.Module, *_: Any) -> None:
        gradients.update({name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None})

    train(module, [batch], on_train_batch_end=note, precision="64-true")
    seed_generators(derive_seed(Purpose.TRAINING_STEP, 0, 0, 0))  # for the formulas to draw what the step drew
    return copy, gradients


def require_gradient(loss: Tensor, network: nn.Module, found: dict[str, Tensor], prefix: str) -> None:
    """Requires that the gradient of a loss is what was found."""
    parameters = dict(network.named_parameters())
    expected = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True, materialize_grads=True)
    largest = max(gradient.abs().max().item() for gradient in expected)
    assert largest > 0
    for name, gradient in zip(parameters, expected, strict=True):
        theirs = found.get(f"{prefix}.{name}", torch.zeros_like(gradient))
        torch.testing.assert_close(theirs, gradient, rtol=1e-4, atol=1e-5 * largest, msg=f"{prefix}.{name}")


def in_double(batch: dict[str, Any]) -> dict[str, Any]:
    return {key: value.double() if isinstance(value, Tensor) else value for key, value in batch.items()}


@pytest.mark.parametrize("objective", GAMES)
def test_pix2pix_halves_all_that_the_discriminator_minimizes(objective):
    weights = {"l1_weight": 7.0, "gradient_penalty_weight": 3.0}
    module = Pix2PixModule(**test_pix2pix.SMALL, objective=objective, norm="instance", lr=0.0, **weights)
    batch = in_double(test_pix2pix.pair())
    module, found = step(module, batch)
    (of_d, of_g), source, target = GAMES[objective], batch["source"], batch["target"]
    fake = module.generator(source)

    def judge(image: Tensor) -> Tensor:
        return module.discriminator(torch.cat([source, image], 1))

    loss_d = of_d(judge(target), judge(fake.detach()))
    if objective == "wgan-gp":
        loss_d = loss_d + 3 * slope_penalty(judge, target, fake, torch.rand(2, 1, 1, 1).double())
    require_gradient(loss_d / 2, module.discriminator, found, "discriminator")
    require_gradient(of_g(judge(fake)) + 7 * (fake - target).abs().mean(), module.generator, found, "generator")


def test_pix2pix_weighs_the_squared_error_by_the_same_option():
    settings = {"reconstruction": "l2", "l1_weight": 7.0, "norm": "instance", "lr": 0.0}
    batch = in_double(test_pix2pix.pair())
    module, found = step(Pix2PixModule(**test_pix2pix.SMALL, **settings), batch)
    source, target = batch["source"], batch["target"]
    fake = module.generator(source)
    adversarial = GAMES["vanilla"][1](module.discriminator(torch.cat([source, fake], 1)))
    require_gradient(adversarial + 7 * F.mse_loss(fake, target), module.generator, found, "generator")


@pytest.mark.parametrize("objective", ["lsgan", "vanilla"])
def test_cyclegan_weighs_each_cycle_and_its_identity_and_halves_the_discriminators_losses(objective):
    weights = {"cycle_weight_a": 3.0, "cycle_weight_b": 7.0, "identity_weight": 0.3}
    batch = test_cyclegan.sample(dtype=torch.double)
    module, found = step(CycleGANModule(**test_cyclegan.SMALL, objective=objective, lr=0.0, **weights), batch)
    (of_d, of_g), a, b = GAMES[objective], batch["a"], batch["b"]
    to_b, to_a = module.generators["AtoB"], module.generators["BtoA"]
    judge_a, judge_b = module.discriminators["A"], module.discriminators["B"]
    fake_b, fake_a = to_b(a), to_a(b)
    loss_g = of_g(judge_b(fake_b)) + of_g(judge_a(fake_a))
    loss_g = loss_g + 3 * F.l1_loss(to_a(fake_b), a) + 7 * F.l1_loss(to_b(fake_a), b)
    loss_g = loss_g + 0.3 * 3 * F.l1_loss(to_a(a), a) + 0.3 * 7 * F.l1_loss(to_b(b), b)
    require_gradient(loss_g, module.generators, found, "generators")
    loss_d = of_d(judge_a(a), judge_a(fake_a.detach())) / 2 + of_d(judge_b(b), judge_b(fake_b.detach())) / 2
    require_gradient(loss_d, module.discriminators, found, "discriminators")


@pytest.mark.parametrize(
    ("objective", "r1_gamma", "r1_interval"),
    [("vanilla", 6.0, 1), ("vanilla", 6.0, 4), ("vanilla", 0.0, 1), ("hinge", 6.0, 1), ("wgan-gp", 0.0, 1)],
)
def test_stylegan_adds_half_of_gamma_r1_and_to_a_critic_both_penalties(objective, r1_gamma, r1_interval):
    """R1 at intervals is a step of its own, whose gradient is the last that the discriminator gets."""
    settings = {"objective": objective, "r1_gamma": r1_gamma, "r1_interval": r1_interval}
    weights = {"gradient_penalty_weight": 3.0, "drift_weight": 0.5}
    module = StyleGANModule(test_stylegan.fixed(), **test_stylegan.SMALL, **settings, **weights, lr=1e-30)
    batch = test_stylegan.sample(16, dtype=torch.double)
    module, found = step(test_stylegan.seen(module, 0), batch)
    (of_d, of_g), judge, stage = GAMES[objective], module.discriminator, module.stage()
    real = batch["image"].requires_grad_(True)
    fake, real_logits = module.generate(4, stage).detach(), judge(real, 1.0)
    (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    r1 = slope.square().sum((1, 2, 3)).mean()
    if r1_interval > 1:
        loss_d = r1_interval * r1_gamma / 2 * r1
    else:
        loss_d = of_d(real_logits, judge(fake, 1.0)) + r1_gamma / 2 * r1
    if objective == "wgan-gp":
        share = torch.rand(4, 1, 1, 1).double()
        penalty = slope_penalty(lambda image: judge(image, 1.0), real.detach(), fake, share)
        loss_d = loss_d + 3 * penalty + 0.5 * (real_logits**2).mean()
    require_gradient(loss_d, judge, found, "discriminator")
    require_gradient(of_g(judge(module.generate(4, stage), 1.0)), module.generator, found, "generator")


@pytest.mark.parametrize("objective", ["vanilla", "lsgan", "hinge"])
def test_dcgan_halves_nothing(objective):
    batch = test_art_dcgan.sample(dtype=torch.double)
    module, found = step(ArtDCGANModule(**test_art_dcgan.SMALL, objective=objective, lr=0.0), batch)
    (of_d, of_g), judge = GAMES[objective], module.discriminator
    fake = module.generator(torch.randn(4, 8, 1, 1).double())
    require_gradient(of_d(judge(batch["image"]), judge(fake.detach())), judge, found, "discriminator")
    require_gradient(of_g(judge(fake)), module.generator, found, "generator")


def test_pose_sums_over_stacks_and_plays_the_game_of_began():
    weights = {"adversarial_weight": 0.5, "lr": 0.0, "discriminator_lr": 0.0}
    module = SAGANPoseModule(**test_sagan_pose.SMALL, mask_missing=False, **weights)
    module.balance.fill_(0.3)
    batch = test_sagan_pose.people(dtype=torch.double)
    module, found = step(module, batch)
    image, judge = batch["image"], module.discriminator
    real = render_heatmaps(batch["keypoints"], batch["labeled"], 8, 4, 1.0)
    first, last = module.generator(image)
    given = last.detach()
    loss_d = ((judge(image, real) - real) ** 2).mean() - 0.3 * ((judge(image, given) - given) ** 2).mean()
    require_gradient(loss_d, judge, found, "discriminator")
    loss_g = ((first - real) ** 2).mean() + ((last - real) ** 2).mean()
    loss_g = loss_g + 0.5 * ((judge(image, last) - given) ** 2).mean()
    require_gradient(loss_g, module.generator, found, "generator")


@pytest.mark.parametrize(
    ("paper", "options"),
    [
        (Pix2PixModule, {"objective": "vanilla", "l1_weight": 100, "gradient_penalty_weight": 10}),
        (CycleGANModule, {"objective": "lsgan", "cycle_weight_a": 10, "cycle_weight_b": 10, "identity_weight": 0.5}),
        (StyleGANModule, {"objective": "vanilla", "r1_gamma": 10, "r1_interval": 1}),
        (StyleGANModule, {"gradient_penalty_weight": 10, "drift_weight": 0.001}),
        (ArtDCGANModule, {"objective": "vanilla"}),
        (SAGANPoseModule, {"adversarial_weight": 1e-4, "balance_ratio": 0.5, "balance_rate": 1e-3}),
    ],
)
def test_weights_are_the_papers_unless_others_are_given(paper: type, options: dict[str, Any]):
    defaults = inspect.signature(paper).parameters
    assert {name: defaults[name].default for name in options} == options
