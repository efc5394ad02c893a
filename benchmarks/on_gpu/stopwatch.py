"""Steps timed by the device's own clock, and what makes the host wait for it."""

import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, Self

import torch

from benchmarks.operations import OperationCounter
from benchmarks.places import innermost_place

_WAIT = "called a synchronizing CUDA operation"  # what torch says of each
_SIZED_BY = 2  # of the last steps of the warm-up, which say how many can be timed


@dataclass(frozen=True, slots=True)
class Plan:
    """How a measurement goes.

    Attributes:
        warm_up: Steps that do not count.
        seconds: How long steps are timed, as far as the bounds of their number allow.
        least: The fewest steps that are timed.
        most: The most.
        watched: Steps after them, in which waits are looked for.
        on_wait: ``warn`` notes where the host waits, ``error`` raises there (on CUDA).
    """

    warm_up: int = 6
    seconds: float = 4.0
    least: int = 8
    most: int = 100
    watched: int = 5
    on_wait: Literal["warn", "error"] = "warn"


class Stopwatch:
    """Times each step from its start to the next one's: on CUDA by events, which nobody waits for while steps go on.

    A context; whoever makes the steps calls :meth:`tick` at the start of each until it is ``done``.

    Args:
        device: Where the steps are made.
        plan: How many.

    Attributes:
        done: Whether everything has been measured.
    """

    def __init__(self, device: torch.device, plan: Plan) -> None:
        self.device, self.plan, self.done = device, plan, False
        self._ticks, self._marks, self._waits = 0, list[Any](), Counter[str]()
        self._timed = self._peak = 0
        self._stack = ExitStack()
        self._began = self._sized = self._wall = self._warm_up_seconds = 0.0

    def __enter__(self) -> Self:
        """Begins."""
        self._began = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        """Ends the watch, whatever happened."""
        self._stack.close()

    def tick(self) -> None:
        """A step begins, and the one before it ends."""
        step, self._ticks = self._ticks, self._ticks + 1
        first, last = self.plan.warm_up, self.plan.warm_up + self._timed
        if self.done:
            return
        if step == first - _SIZED_BY:
            self._sized = self._drained()
        if step == first:
            self._begin_to_time()
            last = first + self._timed
        if first <= step <= last:
            self._marks.append(self._mark())
        if step == last > first:
            self._end_to_time()
            self._stack.enter_context(watched_waits(self.device, self._waits, self.plan.on_wait))
        if step == last + self.plan.watched > first + self.plan.watched:
            self._stack.close()
            self.done = True

    def figures(self) -> dict[str, Any]:
        """What has been measured: medians in milliseconds, memory in GiB (None on the CPU), waits by place."""
        ms = self._intervals()
        return {
            "ms": median(ms),
            "fastest_ms": min(ms),
            "slowest_ms": max(ms),
            "wall_ms": 1000 * self._wall / self._timed,
            "steps": self._timed,
            "warm_up_s": self._warm_up_seconds,
            "peak_gib": self._peak / 2**30 if self.device.type == "cuda" else None,
            "waits": self._waits.total() / self.plan.watched,
            "waits_at": {place: count / self.plan.watched for place, count in self._waits.most_common()},
        }

    def _begin_to_time(self) -> None:
        now = self._drained()
        self._warm_up_seconds = now - self._began
        step_seconds = max((now - self._sized) / _SIZED_BY, 1e-6)
        self._timed = min(max(int(self.plan.seconds / step_seconds), self.plan.least), self.plan.most)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        self._wall = time.perf_counter()

    def _end_to_time(self) -> None:
        self._wall = self._drained() - self._wall
        if self.device.type == "cuda":
            self._peak = torch.cuda.max_memory_allocated(self.device)

    def _drained(self) -> float:
        """The time once the device has done all it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def _mark(self) -> Any:
        if self.device.type != "cuda":
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _intervals(self) -> list[float]:
        """Milliseconds from mark to mark."""
        pairs = zip(self._marks, self._marks[1:], strict=False)
        if self.device.type == "cuda":
            return [earlier.elapsed_time(later) for earlier, later in pairs]
        return [1000 * (later - earlier) for earlier, later in pairs]


@contextmanager
def watched_waits(device: torch.device, places: Counter[str], on_wait: str = "warn") -> Iterator[None]:
    """Within, counts by place how often the host waits for the device, or would if the CPU were one.

    Args:
        device: Where steps are made.
        places: What is counted into; on the CPU once all is over.
        on_wait: ``error`` raises where the host waits for CUDA.
    """
    if device.type != "cuda":
        with OperationCounter() as counter:
            yield
        places.update(counter.reads + counter.made)
        return

    def note(message: Warning | str, *_: Any, **__: Any) -> None:
        if _WAIT in str(message):
            places[innermost_place()] += 1

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        torch.cuda.set_sync_debug_mode(on_wait)
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")
