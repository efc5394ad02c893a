"""Measurements in a process of their own, which may crash or hang without ending the rest."""

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_START_SECONDS = 120.0  # for a process to import torch


class Worker:
    """A process that makes one measurement after another; it is started when it is first asked.

    Args:
        log: Where what it prints goes, appended.
        device: Name of the device it measures.

    Attributes:
        about: The machine and its software, once the process has begun.
    """

    def __init__(self, log: Path, device: str) -> None:
        self.log, self.device = log, device
        self.about: dict[str, Any] = {}
        self._process: Any = None
        self._environment: Mapping[str, str] = {}

    def ask(self, request: Mapping[str, Any], seconds: float, environment: Mapping[str, str]) -> dict[str, Any]:
        """Has a measurement made.

        Args:
            request: The arguments of :func:`benchmarks.on_gpu.measures.measured`, without the device.
            seconds: How long it may take.
            environment: What the process needs in its environment; one that was started with another is replaced.

        Returns:
            Its answer; or an ``error``, with the end of what was printed as its ``traceback``, if the process died or
            took too long.
        """
        if self._process is not None and environment != self._environment:
            self.end()
        if self._process is None:
            self._start(environment)
        printed = self.log.stat().st_size
        with suppress(OSError):  # it is gone: the answer says so
            self._connection.send(dict(request))
        answer: dict[str, Any] | str = self._answer(seconds)
        if isinstance(answer, str):
            answer = {"error": answer, "traceback": self._printed_since(printed)}
            self.end()
        elif answer.pop("broken", False):
            self.end()
        return answer

    def end(self) -> None:
        """Ends the process, and those that it has started to compile."""
        if self._process is None:
            return
        self._connection.close()
        self._process.join(2)  # it ends by itself when nobody asks, unless it hangs
        with suppress(ProcessLookupError):  # it has no group of its own yet, or is gone
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._process = None

    def _start(self, environment: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("spawn")  # a fork has no CUDA
        self._connection, theirs = context.Pipe()
        self.log.touch()
        self._process = context.Process(target=serve, args=(theirs, self.log, self.device, dict(environment)))
        self._process.start()
        theirs.close()
        self._environment = environment
        about = self._answer(_START_SECONDS)
        self.about = (
            about if isinstance(about, dict) else {}
        )  # one that cannot begin is noticed by its first measurement

    def _answer(self, seconds: float) -> Any:
        """What the process says; a text of ours if it says nothing."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self._connection.poll(0.2):
                    return self._connection.recv()
            except (EOFError, ConnectionResetError):
                break
            if not self._process.is_alive():
                break
        else:
            return f"TimeoutError: not done after {seconds:.0f} s"
        self._process.join(5)
        return f"ChildProcessError: the process ended with {_status(self._process.exitcode)}"

    def _printed_since(self, start: int) -> str:
        with self.log.open("rb") as file:
            file.seek(start)
            text = file.read().decode(errors="replace")
        return "\n".join(line.rsplit("\r", 1)[-1] for line in text.split("\n"))[-6000:]  # of a bar, its last state


def serve(connection: Connection, log: Path, device: str, environment: Mapping[str, str]) -> None:
    """What the process does: answers requests until nobody asks."""
    os.setsid()  # so that it can be ended with all that it starts
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    import torch

    from benchmarks.on_gpu.measures import described, measured

    if device == "cpu":
        torch.set_num_threads(1)  # tiny networks are faster so
    connection.send(described(torch.device(device)))
    with suppress(EOFError):
        while True:
            connection.send(measured(**connection.recv(), device=torch.device(device)))


def _status(exitcode: int | None) -> str:
    if exitcode is None:
        return "no status"
    return f"status {exitcode}" if exitcode >= 0 else signal.Signals(-exitcode).name
