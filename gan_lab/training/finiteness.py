"""Losses and weights that are no longer finite end a run before anything of it is saved."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from gan_lab.errors import NonFiniteLossError
from gan_lab.training.distributed import any_process, gather

_REMEDY = "No checkpoint was overwritten; resume from the last one, with a lower learning rate if it happens again."


class FiniteCheck:
    """Notes the losses of every step and looks at many steps at once, since a look makes the host wait for the device.

    Whatever the interval, the message names the first step and loss that were not finite.

    Args:
        interval: Steps from one look to the next.
    """

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval
        self._unchecked: list[tuple[int, Mapping[str, Tensor]]] = []

    def note(self, step: int, losses: Mapping[str, Tensor]) -> None:
        """Keeps a step's losses, scalars without gradients, for the next look."""
        self._unchecked.append((step, losses))

    def look_if_due(self) -> None:
        """Looks once ``interval`` steps have been noted."""
        if len(self._unchecked) >= self.interval:
            self.look()

    def look(self) -> None:
        """Looks at all losses noted since the last look, on all processes, which call it together.

        Raises:
            NonFiniteLossError: If a loss of any process was not finite, on every process with the same message.
        """
        noted, self._unchecked = self._unchecked, []
        losses = [loss for _, of_step in noted for loss in of_step.values()]
        finite = not losses or bool(torch.stack([loss.isfinite() for loss in losses]).all())
        if not any_process(not finite):
            return
        reports = gather(None if finite else _first_report(noted))
        step, what = min(report for report in reports if report is not None)
        raise NonFiniteLossError(f"{what} at step {step}. {_REMEDY}")


def _first_report(noted: Iterable[tuple[int, Mapping[str, Tensor]]]) -> tuple[int, str]:
    for step, losses in noted:
        bad = [f"{name} is {loss.item()}" for name, loss in losses.items() if not loss.isfinite()]
        if bad:
            return step, " and ".join(bad)
    raise AssertionError("one of them was not finite")


def require_finite_weights(module: nn.Module, step: int) -> None:
    """Refuses to save weights or statistics that are not finite; reads one number from the device.

    Raises:
        NonFiniteLossError: Naming the first such weight.
    """
    weights = module.state_dict()
    if not weights or bool(torch.stack([weight.isfinite().all() for weight in weights.values()]).all()):
        return
    name = next(name for name, weight in weights.items() if not weight.isfinite().all())
    raise NonFiniteLossError(f"{name} is not finite after step {step}. {_REMEDY}")
