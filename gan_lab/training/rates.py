"""Whether a run would come to epochs in which nothing is learned, told before its first step."""

import math
from bisect import bisect_left
from collections.abc import Callable

from lightning.pytorch import Trainer

from gan_lab.errors import require

_VANISHED = 2.0**-23  # of the rate at the start: what float32 weights cannot tell from no step at all
_ENDLESS = 2**31  # epochs


def require_learning(trainer: Trainer, factor: Callable[[int], float], options: str) -> None:
    """Refuses a run whose last epochs would train at a learning rate of zero.

    Args:
        trainer: About to take its first step, from a checkpoint or not.
        factor: What every learning rate is multiplied by in an epoch, counted from 0; it never rises from zero.
        options: Those of the model that say when it falls.

    Raises:
        ConfigurationError: With the first and the last of those epochs.
    """
    end, limit = _end(trainer)
    first = bisect_left(range(end), True, key=lambda epoch: factor(epoch) < _VANISHED)
    if first == end:
        return
    if end == _ENDLESS:
        which = f"from epoch {first} on training would be"
    else:
        which = f"epoch {first} would train" if end == first + 1 else f"epochs {first}-{end - 1} would train"
    shorten = "lower trainer.max_steps" if limit == "max_steps" else f"set trainer.max_epochs to {first}"
    require(False, f"{which} at rate 0: raise {options}, or {shorten}; model.allow_zero_lr true trains on all the same")


def _end(trainer: Trainer) -> tuple[int, str]:
    """How many epochs a run will have begun when it ends, those before a resume included, and what ends it."""
    loop = trainer.fit_loop
    ends = [(_ENDLESS, "")]
    if loop.max_epochs is not None and loop.max_epochs >= 0:
        ends.append((loop.max_epochs, "max_epochs"))
    if trainer.max_steps >= 0 and math.isfinite(trainer.num_training_batches):
        batches = int(trainer.num_training_batches)
        begun = loop.epoch_loop.batch_progress.current.ready % batches  # of the epoch that a resumed run goes on with
        steps = trainer.max_steps - trainer.global_step + begun
        ends.append((trainer.current_epoch + math.ceil(steps / batches), "max_steps"))
    return min(ends)
