"""What training steps log, which stays on the device until somebody looks at it."""

from collections.abc import Mapping

import torch
from torch import Tensor


class StepLog:
    """The values of the step under way.

    To read a number makes the host wait for the device, and a step of few images is all waiting. So values are read
    together, in one message, and only in steps whose values are shown or written.
    """

    def __init__(self) -> None:
        self._values: dict[str, Tensor | float] = {}
        self._on_bar: set[str] = set()

    def begin(self) -> None:
        """Forgets the step before."""
        self._values, self._on_bar = {}, set()

    def note(self, values: Mapping[str, Tensor | float], *, on_bar: bool) -> None:
        """Adds values, scalars without gradients or numbers of the host, and whether the progress bar has them too."""
        self._values |= values
        self._on_bar |= values.keys() if on_bar else set()

    def tensors(self) -> dict[str, Tensor]:
        """All values where they are, on the device or the host, as callbacks that monitor one have them."""
        return {
            name: value if isinstance(value, Tensor) else torch.full((), value) for name, value in self._values.items()
        }

    def read(self) -> tuple[dict[str, float], dict[str, float]]:
        """All values, and those of the progress bar, in the order in which they were noted."""
        on_device = {name: value for name, value in self._values.items() if isinstance(value, Tensor)}
        numbers = torch.stack(list(on_device.values())).tolist() if on_device else []
        values = {
            name: float(value) for name, value in (self._values | dict(zip(on_device, numbers, strict=True))).items()
        }
        return values, {name: value for name, value in values.items() if name in self._on_bar}
