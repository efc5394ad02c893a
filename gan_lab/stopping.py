"""SIGTERM and Ctrl-C: where a process stops when it is told to, and with which status."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn


class Stopped(SystemExit):
    """Ends the process with the status that shells give to one ended by the signal: 143 or 130.

    Attributes:
        signal: What told it to stop.
        in_order: Whether it is raised where a step, or a sample, has ended; else it is raised wherever the signal came.
        consequence: What the user should know about it, as the second half of a sentence.
    """

    def __init__(self, number: int, in_order: bool = False) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number)
        self.in_order = in_order
        self.consequence = ""

    def __str__(self) -> str:
        name = "Ctrl-C" if self.signal == signal.SIGINT else self.signal.name
        return f"stopped by {name}" + (f": {self.consequence}" if self.consequence else "")


class StopSignals:
    """What this process does about the two signals: it stops at once, or, where that would lose something, takes note.

    A second Ctrl-C stops at once in any case.

    Attributes:
        received: The first signal received since it listens, if any.
        noting: Whether a signal is only noted; who sets this looks at ``received`` in time.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.noting = False
        self._previous: dict[signal.Signals, Any] = {}
        self._process = 0
        self._report: Callable[[Any], object] = sys.unraisablehook

    def listen(self) -> bool:
        """Takes the signals, also back from whoever took them meanwhile; only the main thread can.

        Returns:
            Whether it begins to listen with this call: who began ends it, with :meth:`release`.
        """
        if threading.current_thread() is not threading.main_thread():
            return False
        began = not self._previous
        if began:
            self.received, self.noting, self._process = None, False, os.getpid()
            self._report, sys.unraisablehook = sys.unraisablehook, self._report_others
        for number in (signal.SIGTERM, signal.SIGINT):
            previous = signal.signal(number, self._receive)
            if began:
                self._previous[number] = previous
        return began

    def release(self) -> None:
        """Listens no more."""
        if self._previous:
            sys.unraisablehook = self._report
        while self._previous:
            signal.signal(*self._previous.popitem())
        self.received, self.noting = None, False

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            return  # of a process that was forked: its parent ends it
        again = self.received is not None
        at_once = again and number == self.received == signal.SIGINT
        self.received = self.received or signal.Signals(number)
        if at_once or not (again or self.noting):
            raise Stopped(number)

    def _report_others(self, unraisable: Any) -> None:
        """Passes over a stop that Python went on after, as it does in finalizers and at forks: it is noted."""
        if not isinstance(unraisable.exc_value, Stopped):
            self._report(unraisable)


SIGNALS = StopSignals()


def end(status: int) -> NoReturn:
    """Ends a process that was stopped: what is to be done at its end is done, its modules are not taken down.

    Python takes seconds for those. One more signal ends it in the middle of this.

    Args:
        status: Its exit status.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: os._exit(status))
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


@contextmanager
def thread_pool(threads: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """Threads that do not begin what is left when the block is stopped, or fails.

    Args:
        threads: How many; None for a few more than there are cores.
    """
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def leave_to_parent(worker: int) -> None:
    """Has a worker of a data loader go on when a signal is sent to all processes of a run: its parent ends it.

    Args:
        worker: Its number, which makes no difference.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "sigwaitinfo"):  # Linux, where SIGTERM says who sent it
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_end_for_parent, daemon=True).start()


def _end_for_parent() -> None:
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
        pass
    os._exit(0)
