"""What differs from process to process, kept in a checkpoint."""

from typing import Any, Protocol

from gan_lab.errors import CheckpointError
from gan_lab.training.distributed import gather


class Stateful(Protocol):
    """What can be kept in a checkpoint."""

    def state_dict(self) -> dict[str, Any]:
        """All there is to keep, as tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes back to what was kept."""


class PerProcessState:
    """Named states of this process, such as image pools."""

    def __init__(self) -> None:
        self._states: dict[str, Stateful] = {}

    def keep(self, **states: Stateful) -> None:
        """Has a checkpoint keep them."""
        self._states |= states

    def state_of_all(self) -> list[dict[str, Any]]:
        """The states of every process, in the order of ranks; empty where there is nothing to keep."""
        if not self._states:
            return []
        return gather({name: state.state_dict() for name, state in self._states.items()})

    def load(self, state_of_all: list[dict[str, Any]], rank: int) -> None:
        """Takes over this process's own; more processes than there were share out what there is.

        Raises:
            CheckpointError: If a state is missing, or is of another kind.
        """
        if not state_of_all:
            return
        mine = state_of_all[rank % len(state_of_all)]
        for name, state in self._states.items():
            if name not in mine:
                raise CheckpointError(f"its 'per_process' has no {name}")
            state.load_state_dict(mine[name])
