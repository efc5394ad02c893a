"""Adversarial games and penalties: pure functions of the discriminator's logits.

Logits may have any shape (a patch discriminator gives (B, 1, H, W)) and any floating type: half precision is brought to
float32 first, double stays double. Every loss is a mean over all logits, hence a scalar.
"""

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from gan_lab.errors import require
from gan_lab.precision import at_least_float32, full_precision

Objective = Literal["vanilla", "lsgan", "hinge", "wgan-gp"]
Reconstruction = Literal["l1", "l2"]


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, objective: Objective) -> Tensor:
    """What the discriminator minimizes, real term plus fake term: neither is weighted, nor is their sum.

    Args:
        real_logits: Its logits on real images.
        fake_logits: Its logits on generated images.
        objective: ``vanilla`` is the cross-entropy game (Goodfellow et al. 2014, equation 1), ``lsgan`` least squares
            with labels 1 and 0, as CycleGAN (section 4) has them, twice those of Mao et al. 2017, ``hinge`` a margin of
            1 on either side (Lim and Ye 2017), ``wgan-gp`` the critic's difference of means (Arjovsky et al. 2017),
            which needs :func:`gradient_penalty` beside it.

    Raises:
        ConfigurationError: If ``objective`` is none of those.
    """
    _require_known(objective)
    real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
    match objective:
        case "vanilla":
            return F.softplus(-real).mean() + F.softplus(fake).mean()  # -log sigmoid(real) - log(1 - sigmoid(fake))
        case "lsgan":
            return (real - 1).square().mean() + fake.square().mean()
        case "hinge":
            return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        case "wgan-gp":
            return fake.mean() - real.mean()


def generator_loss(fake_logits: Tensor, objective: Objective) -> Tensor:
    """What the generator minimizes given the discriminator's logits on its images; see :func:`discriminator_loss`.

    ``vanilla`` is the non-saturating form, as Pix2Pix (section 3.2) and its reference train it.

    Raises:
        ConfigurationError: If ``objective`` is none of those there are.
    """
    _require_known(objective)
    fake = at_least_float32(fake_logits)
    match objective:
        case "vanilla":
            return F.softplus(-fake).mean()  # -log sigmoid(fake)
        case "lsgan":
            return (fake - 1).square().mean()
        case "hinge" | "wgan-gp":
            return -fake.mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, enlargement: float = 1.0
) -> Tensor:
    """Pulls the critic's gradient norm to 1 between real and generated images (Gulrajani et al. 2017, equation 3).

    The mean of (|slope| - 1)^2, without its weight. A patch critic's value is the mean of its patches, as in the loss
    it is trained with.

    Args:
        critic: Maps images to logits; it takes them in float32 at least, whatever precision its weights have, as our
            networks do. Its normalization must not mix samples (no batch norm).
        real: Real images (B, C, H, W).
        fake: Generated images of the same shape.
        enlargement: As of :func:`r1_penalty`.
    """
    dtype = torch.promote_types(real.dtype, torch.float32)
    share = torch.rand(real.shape[0], 1, 1, 1, dtype=torch.float32, device=real.device).to(dtype)
    between = torch.lerp(fake.detach().to(dtype), real.to(dtype), share).requires_grad_(True)
    with full_precision(real):
        values = at_least_float32(critic(between)).reshape(len(between), -1).mean(1)  # (B,) too
        (gradient,) = torch.autograd.grad(values.sum(), between, create_graph=True)
    excess: Tensor = gradient.flatten(1).norm(dim=1) / enlargement - 1
    return excess.square().mean()


def r1_penalty(real_logits: Tensor, real: Tensor, enlargement: float = 1.0) -> Tensor:
    """The mean squared gradient of the logits on real images (Mescheder et al. 2018, equation 9), without gamma / 2.

    It goes back through the graph that the discriminator's loss has anyway, rather than through a second forward pass.

    Args:
        real_logits: The discriminator's logits (B, 1), made without autocast: second derivatives want float32.
        real: The images (B, C, H, W) they were made of, which require gradients.
        enlargement: F, where the gradient is meant that images F times as high and wide would have, of which the
            discriminator takes the mean of each F x F pixels. It is F times shorter.
    """
    (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    return at_least_float32(gradient).square().sum(dim=(1, 2, 3)).mean() / enlargement**2


def l1_loss(image: Tensor, wanted: Tensor) -> Tensor:
    """The mean absolute difference of two images of one shape."""
    return (at_least_float32(image) - wanted).abs().mean()


def reconstruction_loss(image: Tensor, wanted: Tensor, kind: Reconstruction) -> Tensor:
    """The mean absolute (``l1``) or squared (``l2``) difference of two images of one shape.

    Raises:
        ConfigurationError: If ``kind`` is neither.
    """
    known = get_args(Reconstruction)
    require(kind in known, f"reconstruction must be one of {', '.join(known)}, got {kind!r}")
    return l1_loss(image, wanted) if kind == "l1" else (at_least_float32(image) - wanted).square().mean()


def drift_penalty(real_logits: Tensor) -> Tensor:
    """The mean squared logit on real images, which keeps a critic's values from drifting (ProGAN, appendix A.1)."""
    return at_least_float32(real_logits).square().mean()


def balance_step(balance: Tensor, real_loss: Tensor, fake_loss: Tensor, ratio: float, rate: float) -> Tensor:
    """The weight of the fake loss in the next step, k + rate (ratio L_real - L_fake) within [0, 1].

    BEGAN's equilibrium (Berthelot et al. 2017, section 3.4): it rises while generated samples are reconstructed better
    than ``ratio`` times the error of real ones, so that the discriminator attends to them more.

    Args:
        balance: k of this step, ().
        real_loss: Reconstruction error of real samples, ().
        fake_loss: Reconstruction error of generated ones, ().
        ratio: The wanted ``L_fake / L_real`` (gamma).
        rate: How fast k follows (lambda_k).
    """
    return (balance + rate * (ratio * real_loss - fake_loss)).clamp(0, 1)


def convergence_measure(real_loss: Tensor, fake_loss: Tensor, ratio: float) -> Tensor:
    """BEGAN's global measure, L_real + |ratio L_real - L_fake|: small when both converge (section 3.4.1)."""
    return real_loss + (ratio * real_loss - fake_loss).abs()


def reconstruction_error(discriminator: Callable[[Tensor, Tensor], Tensor], images: Tensor, heatmaps: Tensor) -> Tensor:
    """MSE of D(x, h) against h, which is a constant there: a prediction is changed through D's input alone."""
    error = at_least_float32(discriminator(images, heatmaps)) - heatmaps.detach()
    return error.square().mean()


def _require_known(objective: str) -> None:
    known = get_args(Objective)
    require(objective in known, f"objective must be one of {', '.join(known)}, got {objective!r}")
