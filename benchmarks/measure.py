"""Clocks and tables for the measurements."""

import resource
import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple


class Clock(NamedTuple):
    """A moment: seconds on the wall and of this process's CPU."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Clock":
        """This moment."""
        return cls(time.perf_counter(), time.process_time())

    def since(self) -> "Clock":
        """What has gone by from this moment to now."""
        now = Clock.now()
        return Clock(now.wall - self.wall, now.cpu - self.cpu)


def peak_memory_gib() -> float:
    """The most memory this process has held, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.3f} ({min(values):.3f}-{max(values):.3f})"
