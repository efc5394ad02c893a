"""What the trainer's options about gradients ask for, which Lightning leaves to modules that step by themselves."""

from dataclasses import dataclass
from typing import Literal, cast
from weakref import WeakKeyDictionary

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import GradientAccumulationScheduler
from torch.optim import Optimizer

from gan_lab.errors import require, require_numbers
from gan_lab.training.lightning_private import unscale


@dataclass(frozen=True, slots=True)
class GradientOptions:
    """The options of a trainer.

    Attributes:
        batches: Batches of a step (``accumulate_grad_batches``).
        clip: The largest norm of a player's gradient, or the largest value in it (``gradient_clip_val``); 0 for any.
        clip_by: Which of the two (``gradient_clip_algorithm``).
    """

    batches: int = 1
    clip: float = 0.0
    clip_by: Literal["norm", "value"] = "norm"

    def clip_gradients(self, optimizer: Optimizer, trainer: Trainer) -> None:
        """Clips the gradients of all that an optimizer steps, as one vector; before its step.

        Args:
            optimizer: Whose gradients are averaged over processes already.
            trainer: Its precision is asked to undo the scale that it gives gradients.
        """
        if not self.clip:
            return
        unscale(trainer, optimizer)
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        if self.clip_by == "value":
            torch.nn.utils.clip_grad_value_(weights, self.clip)
        else:
            torch.nn.utils.clip_grad_norm_(weights, self.clip)


_TAKEN: WeakKeyDictionary[Trainer, GradientOptions] = WeakKeyDictionary()


def take_over(trainer: Trainer) -> GradientOptions:
    """The options of a trainer, from which they are taken: Lightning refuses them for modules that step by themselves.

    Raises:
        ConfigurationError: If one is out of its range, or is to change from epoch to epoch.
    """
    changing = any(isinstance(callback, GradientAccumulationScheduler) for callback in trainer.callbacks)  # type: ignore[attr-defined]
    require(
        not changing,
        "GradientAccumulationScheduler is for models with one optimizer: set trainer.accumulate_grad_batches, which is "
        "the same in all epochs",
    )
    given = trainer.accumulate_grad_batches, trainer.gradient_clip_val, trainer.gradient_clip_algorithm
    if given != (1, None, None):
        batches, clip, algorithm = given
        require_numbers({"trainer.accumulate_grad_batches": batches}, at_least=1)
        require_numbers({"trainer.gradient_clip_val": clip or 0}, at_least=0)
        by = "value" if algorithm is not None and algorithm.value == "value" else "norm"
        _TAKEN[trainer] = GradientOptions(batches, float(clip or 0), cast(Literal["norm", "value"], by))
        trainer.accumulate_grad_batches, trainer.gradient_clip_val, trainer.gradient_clip_algorithm = 1, None, None
    return _TAKEN.get(trainer, GradientOptions())
