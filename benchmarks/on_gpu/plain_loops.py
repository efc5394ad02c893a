"""The papers' networks trained as reference implementations do it: plain loops, in float32, without Lightning.

Each is written from what the reference's loop does in a step: which passes, in which order, when losses are read. Its
optimizers are torch's with their defaults, cuDNN looks for its fastest kernels, and TF32 is used as torch has it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.on_gpu.papers import Batch
from gan_lab.modules import (
    ArtDCGANModule,
    CycleGANModule,
    GANModule,
    Pix2PixModule,
    SAGANPoseModule,
    StyleGANModule,
)
from gan_lab.networks.hourglass import STRIDE
from gan_lab.pose.heatmaps import render_heatmaps
from gan_lab.training.image_pool import ImagePool

Step = Callable[[Batch], Sequence[Tensor]]


@dataclass(frozen=True)
class PlainLoop:
    """How a reference trains.

    Attributes:
        of: Makes the step of a module whose networks lie on the device; it gives back the losses.
        reads_every: Steps from one reading of the losses to the next.
    """

    of: Callable[[Any], Step]
    reads_every: int


def pix2pix(module: Pix2PixModule) -> Step:
    """The authors' PyTorch code: one generated image, D on it and on the real one, then G through a frozen D."""
    generator, discriminator = module.generator, module.discriminator
    adam_g, adam_d = _adam(generator.parameters()), _adam(discriminator.parameters())
    real, fake = _labels(module)

    def step(batch: Batch) -> Sequence[Tensor]:
        source, target = batch["source"], batch["target"]
        generated = generator(source)
        _learns(discriminator, True)
        adam_d.zero_grad()
        loss_fake = _cross_entropy(discriminator(torch.cat((source, generated), 1).detach()), fake)
        loss_real = _cross_entropy(discriminator(torch.cat((source, target), 1)), real)
        ((loss_fake + loss_real) * 0.5).backward()
        adam_d.step()
        _learns(discriminator, False)
        adam_g.zero_grad()
        adversarial = _cross_entropy(discriminator(torch.cat((source, generated), 1)), real)
        l1 = F.l1_loss(generated, target) * 100.0
        (adversarial + l1).backward()
        adam_g.step()
        return loss_fake, loss_real, adversarial, l1

    return step


def cyclegan(module: CycleGANModule) -> Step:
    """The authors' PyTorch code: both generators in one graph of six terms, then either D on pooled images."""
    to_b, to_a = module.generators["AtoB"], module.generators["BtoA"]
    judge_a, judge_b = module.discriminators["A"], module.discriminators["B"]
    adam_g, adam_d = _adam(module.generators.parameters()), _adam(module.discriminators.parameters())
    real, fake = _labels(module)
    pools = ImagePool(50), ImagePool(50)

    def step(batch: Batch) -> Sequence[Tensor]:
        a, b = batch["a"], batch["b"]
        fake_b, fake_a = to_b(a), to_a(b)
        again_a, again_b = to_a(fake_b), to_b(fake_a)
        _learns(module.discriminators, False)
        adam_g.zero_grad()
        identities = F.l1_loss(to_b(b), b) * 5.0, F.l1_loss(to_a(a), a) * 5.0
        games = _least_squares(judge_b(fake_b), real), _least_squares(judge_a(fake_a), real)
        cycles = F.l1_loss(again_a, a) * 10.0, F.l1_loss(again_b, b) * 10.0
        (games[0] + games[1] + cycles[0] + cycles[1] + identities[0] + identities[1]).backward()
        adam_g.step()
        _learns(module.discriminators, True)
        adam_d.zero_grad()
        losses = []
        for judge, image, made, pool in ((judge_b, b, fake_b, pools[1]), (judge_a, a, fake_a, pools[0])):
            shown = pool.query(made)
            loss = (_least_squares(judge(image), real) + _least_squares(judge(shown.detach()), fake)) * 0.5
            loss.backward()
            losses.append(loss)
        adam_d.step()
        return (*games, *cycles, *identities, *losses)

    return step


def dcgan(module: ArtDCGANModule) -> Step:
    """PyTorch's example: D on real images, D on generated ones, then G through a D that collects gradients too."""
    module.to(memory_format=torch.contiguous_format)
    generator, discriminator = module.generator, module.discriminator
    adam_g, adam_d = _adam(generator.parameters()), _adam(discriminator.parameters())
    real, fake = _labels(module)

    def step(batch: Batch) -> Sequence[Tensor]:
        image = batch["image"]
        discriminator.zero_grad()
        judged_real = discriminator(image)
        loss_real = _cross_entropy(judged_real, real)
        loss_real.backward()
        generated = generator(torch.randn(len(image), module.latent_size, 1, 1, device=image.device))
        judged_fake = discriminator(generated.detach())
        loss_fake = _cross_entropy(judged_fake, fake)
        loss_fake.backward()
        adam_d.step()
        generator.zero_grad()
        judged_again = discriminator(generated)
        loss_g = _cross_entropy(judged_again, real)
        loss_g.backward()
        adam_g.step()
        return loss_real + loss_fake, loss_g, judged_real.mean(), judged_fake.mean(), judged_again.mean()

    return step


def stylegan(module: StyleGANModule) -> Step:
    """Public ports' loop: R1 beside the real images' loss, new images for G, the average parameter by parameter."""
    generator, discriminator, average = module.generator, module.discriminator, module.generator_ema
    betas = module.adam.betas
    adam_g, adam_d = _adam(generator.parameters(), 1e-3, betas), _adam(discriminator.parameters(), 1e-3, betas)
    stage = module.stage()

    def step(batch: Batch) -> Sequence[Tensor]:
        _learns(discriminator, True)
        discriminator.zero_grad()
        image = batch["image"].detach().requires_grad_(True)
        judged = discriminator(image)
        loss_real = F.softplus(-judged).mean()
        loss_real.backward(retain_graph=True)
        (slope,) = torch.autograd.grad(judged.sum(), image, create_graph=True)
        penalty = 10.0 / 2 * slope.flatten(1).norm(2, dim=1).square().mean()
        penalty.backward()
        with torch.no_grad():
            generated = module.generate(len(image), stage)
        loss_fake = F.softplus(discriminator(generated)).mean()
        loss_fake.backward()
        adam_d.step()
        _learns(discriminator, False)
        generator.zero_grad()
        loss_g = F.softplus(-discriminator(module.generate(len(image), stage))).mean()
        loss_g.backward()
        adam_g.step()
        for mean, weight in zip(cast(nn.Module, average).parameters(), generator.parameters(), strict=True):
            mean.data.mul_(0.999).add_(weight.data, alpha=1 - 0.999)
        return loss_real + loss_fake, loss_g, penalty

    return step


def sagan_pose(module: SAGANPoseModule) -> Step:
    """The release's loop: D on real and on predicted heatmaps, G by its stacks' errors and D's, k by losses read."""
    generator, discriminator = module.generator, cast(nn.Module, module.discriminator)
    rmsprop = torch.optim.RMSprop(generator.parameters(), 2.5e-4)
    adam = _adam(discriminator.parameters(), 2.5e-4, (0.9, 0.999))
    balance = 0.5

    def step(batch: Batch) -> Sequence[Tensor]:
        nonlocal balance
        image = batch["image"]
        target = render_heatmaps(batch["keypoints"], batch["labeled"], image.shape[-1] // STRIDE, STRIDE, module.sigma)
        predicted = generator(image)
        adam.zero_grad()
        loss_real = F.mse_loss(discriminator(image, target), target)
        detached = predicted[-1].detach()
        loss_fake = F.mse_loss(discriminator(image, detached), detached)
        (loss_real - balance * loss_fake).backward()
        adam.step()
        rmsprop.zero_grad()
        stacks = sum(F.mse_loss(heatmaps, target) for heatmaps in predicted)
        adversarial = F.mse_loss(discriminator(image, predicted[-1]), detached)
        (stacks + module.adversarial_weight * adversarial).backward()
        rmsprop.step()
        balance = min(max(balance + 1e-3 * (0.5 * loss_real.item() - loss_fake.item()), 0.0), 1.0)
        return loss_real, loss_fake, cast(Tensor, stacks), adversarial

    return step


PLAIN_LOOPS: dict[str, PlainLoop] = {
    "pix2pix": PlainLoop(pix2pix, reads_every=100),
    "cyclegan": PlainLoop(cyclegan, reads_every=100),
    "dcgan": PlainLoop(dcgan, reads_every=1),
    "stylegan": PlainLoop(stylegan, reads_every=1),
    "sagan_pose": PlainLoop(sagan_pose, reads_every=1),
    "stylegan_1024": PlainLoop(stylegan, reads_every=1),
}


def _adam(
    parameters: Iterable[nn.Parameter], lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999)
) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=lr, betas=betas)


def _labels(module: GANModule) -> tuple[Tensor, Tensor]:
    """One and zero on the module's device, for real and for fake."""
    return torch.ones((), device=module.device), torch.zeros((), device=module.device)


def _cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, label.expand_as(logits))


def _least_squares(logits: Tensor, label: Tensor) -> Tensor:
    return F.mse_loss(logits, label.expand_as(logits))


def _learns(network: nn.Module, whether: bool) -> None:
    for parameter in network.parameters():
        parameter.requires_grad = whether
