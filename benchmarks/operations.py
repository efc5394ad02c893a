"""What a step asks of a GPU and its host, counted on the CPU: operations, numbers read, tensors made of numbers.

On a GPU each operation is a kernel to be launched, each number read makes the host wait for the device, and each tensor
made of Python's numbers is copied to it.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from lightning.pytorch import Callback, Trainer
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.places import innermost_place

READS = frozenset({"aten::_local_scalar_dense", "aten::nonzero", "aten::equal", "aten::masked_select"})
MADE = frozenset({"aten::lift_fresh", "aten::scalar_tensor"})


class OperationCounter(TorchDispatchMode):
    """While it is active, counts what this thread has torch do; backward passes on the CPU are among it.

    Attributes:
        operations: How often each operation was done, by name.
        reads: Where numbers were read, which makes the host wait for a device, and how often.
        made: Where tensors were made of Python's numbers, and how often.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.operations: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        self.made: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Counts an operation, and does it."""
        name = func.name().split(".")[0]
        self.operations[name] += 1
        for names, places in ((READS, self.reads), (MADE, self.made)):
            if name in names:
                places[innermost_place()] += 1
        return func(*args, **(kwargs or {}))


class StepOperations(Callback):
    """Counts whole steps, from the start of one to the start of the next, with all that Lightning does around them.

    The run must go on for at least a step after them.

    Args:
        first: The first step that is counted, from 0; those before it are not steady yet.
        steps: How many are counted.

    Attributes:
        counter: What was counted.
    """

    def __init__(self, first: int, steps: int) -> None:
        self.first, self.steps = first, steps
        self.counter = OperationCounter()

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Begins or ends to count."""
        if batch_idx == self.first:
            self._active = ExitStack()
            self._active.enter_context(self.counter)
        if batch_idx == self.first + self.steps:
            self._active.close()

    def a_step(self) -> dict[str, float]:
        """Operations, reads, and tensors made of numbers, a step."""
        counts = {"operations": self.counter.operations, "reads": self.counter.reads, "made": self.counter.made}
        return {name: count.total() / self.steps for name, count in counts.items()}
