"""Optimizers by role, the learning rates they are configured with, and losses that count only now and then."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import nn
from torch.optim import Optimizer

from gan_lab import ranges
from gan_lab.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class AdamSettings:
    """What an Adam is made with.

    Attributes:
        lr: Learning rate at the start.
        betas: Decay rates of the two moments.

    Raises:
        ConfigurationError: If a number is out of its range.
    """

    lr: ranges.NonNegativeFloat
    betas: ranges.Betas

    def __post_init__(self) -> None:
        ranges.require(AdamSettings, {"lr": self.lr, "betas": self.betas}, "AdamSettings")

    def over(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Adam in one pass over the weights: the maths of the plain loop, several times faster on every device."""
        return torch.optim.Adam(parameters, lr=self.lr, betas=self.betas, fused=True)


class RMSprop(Optimizer):
    """RMSprop in one pass over the weights (Tieleman and Hinton 2012), number for number torch's.

    torch's own goes from weight to weight on the CPU, and its ``foreach`` form makes a tensor of a number in each step.

    Args:
        parameters: What it moves.
        lr: Learning rate.
        alpha: Decay rate of the mean squared gradient.
        eps: Added to its root.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], lr: float, *, alpha: float = 0.99, eps: float = 1e-8
    ) -> None:
        super().__init__(parameters, {"lr": lr, "alpha": alpha, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Moves the weights that have gradients, after what ``closure`` does, and gives back its loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if not weights:
                continue
            gradients, squares = [weight.grad for weight in weights], [self._mean_square(weight) for weight in weights]
            torch._foreach_mul_(squares, group["alpha"])
            torch._foreach_addcmul_(squares, gradients, gradients, 1 - group["alpha"])
            roots = torch._foreach_sqrt(squares)
            torch._foreach_add_(roots, group["eps"])
            torch._foreach_addcdiv_(weights, gradients, roots, -group["lr"])
        return loss

    def _mean_square(self, weight: nn.Parameter) -> torch.Tensor:
        state = self.state[weight]
        if "square_avg" not in state:
            state["square_avg"] = torch.zeros_like(weight, memory_format=torch.preserve_format)
        mean_square: torch.Tensor = state["square_avg"]
        return mean_square


@dataclass(frozen=True, slots=True)
class LazyRegularization:
    """A penalty that is taken every so many steps, as a step of its own (StyleGAN2, appendix B).

    Attributes:
        interval: Steps from one to the next; 1 has it within every step's own loss.
    """

    interval: int

    def due(self, step: int) -> bool:
        """Whether a step ends with one of its own."""
        return self.interval > 1 and step % self.interval == 0

    def weight(self, weight: float) -> float:
        """How much it counts when it is taken, for ``weight`` in every step."""
        return self.interval * weight

    def correct(self, adam: AdamSettings) -> AdamSettings:
        """Adam's settings for ``interval + 1`` updates in the time of ``interval``."""
        if self.interval == 1:
            return adam
        share = self.interval / (self.interval + 1)
        return AdamSettings(adam.lr * share, (adam.betas[0] ** share, adam.betas[1] ** share))


@dataclass(frozen=True, slots=True)
class OptimizersByRole:
    """The optimizers of a game.

    Attributes:
        generator: Over all generators.
        discriminator: Over all discriminators; None in a game without any.
    """

    generator: Optimizer
    discriminator: Optimizer | None = None

    @classmethod
    def of_adam(cls, adam: AdamSettings, generator: nn.Module, discriminator: nn.Module) -> Self:
        """An Adam of the same settings for each."""
        return cls(adam.over(generator.parameters()), adam.over(discriminator.parameters()))

    def as_list(self) -> list[Optimizer]:
        """In the order in which checkpoints keep them."""
        return [self.generator] if self.discriminator is None else [self.generator, self.discriminator]


class ConfiguredSettings:
    """What every parameter group was configured with, which a checkpoint's word for it does not replace.

    Args:
        optimizers: As they were made, before a checkpoint is loaded into them.
    """

    def __init__(self, optimizers: OptimizersByRole) -> None:
        self._optimizers = optimizers.as_list()
        self._settings = [
            [{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]
            for optimizer in self._optimizers
        ]

    def restore(self, learning_rate_factor: float) -> None:
        """Gives every group back what is its own, its learning rate times a factor."""
        for optimizer, settings_of_groups in zip(self._optimizers, self._settings, strict=True):
            for group, settings in zip(optimizer.param_groups, settings_of_groups, strict=True):
                group.update(settings)
                group["lr"] = settings["lr"] * learning_rate_factor


def require_own_state(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Refuses a kept state that an optimizer would take over and fail with, or go on wrongly from, at its next step.

    For ``register_load_state_dict_pre_hook``.

    Args:
        optimizer: What is to take it over.
        state: Of the form that ``checkpoint_form`` asks for.

    Raises:
        CheckpointError: If it is of other weights, or of another kind of optimizer.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    indices = [index for group in state["param_groups"] for index in group["params"]]
    fits = len(weights) == len(indices) == len(set(indices)) and state["state"].keys() <= set(indices)
    names = {"step", "exp_avg", "exp_avg_sq"} if isinstance(optimizer, torch.optim.Adam) else set()
    for index, weight in zip(indices, weights, strict=False):
        kept = state["state"].get(index)
        fits = fits and (kept is None or (names <= kept.keys() and all(_is_of(part, weight) for part in kept.values())))
    if not fits:
        raise CheckpointError("its 'optimizer_states' are of other weights, or broken")


def _is_of(part: Any, weight: torch.Tensor) -> bool:
    """Whether a part of an optimizer's state can be a weight's: a number for all of it, or finite ones for each."""
    if not isinstance(part, torch.Tensor):
        return part is None or isinstance(part, int | float)
    return (part.numel() == 1 or part.shape == weight.shape) and bool(part.isfinite().all())
