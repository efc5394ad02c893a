"""The processes of a run notice when one of them fails or is no more, and end too.

Every process keeps a connection of its own to that of rank 0, apart from those that its work travels through. The
system closes it when a process ends, however it ends, and at no other time: one that is slow, or waits for its device
or its disk, is not taken for dead. Nothing else tells them: a process that waits for the others' gradients waits for
ever, or finds a broken connection and cannot know why.
"""

import contextlib
import hmac
import os
import secrets
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, NoReturn

from gan_lab.terminal import say_error

PATIENCE = 2.0  # seconds that an error waits for word of another process's end, which may have caused it
GRACE = 8.0  # seconds to end in good order after another process has ended
_LONGEST_LINE = 200  # bytes
_STARTER = "GAN_LAB_STARTER"  # environment variable: the process that starts others for ranks of their own


class Address(NamedTuple):
    """Where the process of rank 0 listens.

    Attributes:
        port: Its port.
        token: What a process of this run knows and no other.
    """

    port: int
    token: str


class End(NamedTuple):
    """The end of a process that ends the run.

    Attributes:
        how: ``failed`` by an error that it says itself, or ``lost`` without a word.
        rank: The process.
    """

    how: Literal["failed", "lost"]
    rank: int


@dataclass(slots=True)
class _Member:
    """A connection to another process, at the process of rank 0; of no rank before it has shown the token."""

    connection: socket.socket
    received: bytes = b""
    rank: int | None = None
    open: bool = True
    left: bool = False

    def lines(self) -> Iterator[list[str]]:
        """The words of each line that has arrived; closes at the end, and on what is no line of ours."""
        try:
            arrived = self.connection.recv(4096)
        except OSError:
            arrived = b""
        *whole, self.received = (self.received + arrived).split(b"\n")
        self.open = bool(arrived) and len(self.received) < _LONGEST_LINE
        for line in whole:
            yield line.decode(errors="replace").split()


@dataclass(eq=False)
class Peers:
    """This process's place among those of its run.

    Attributes:
        rank: This process.
        world_size: All processes.
        end: The first end of a process that was not in good order, the same for all; None as long as there is none.
    """

    rank: int
    world_size: int
    end: End | None = None
    _members: list[_Member] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)
    _leaving: threading.Event = field(default_factory=threading.Event)

    def listen(self, host: str) -> Address:
        """Opens the place to which the others connect; for rank 0.

        Args:
            host: The address to listen at; empty for all of this machine's.
        """
        listener = socket.create_server((host, 0), backlog=self.world_size)
        address = Address(listener.getsockname()[1], secrets.token_hex(16))
        self._start(lambda: self._serve(listener, address.token))
        return address

    def connect(self, host: str, address: Address, timeout: float = 10.0) -> None:
        """Connects to the process of rank 0; for the others. Raises OSError if it cannot be reached."""
        connection = socket.create_connection((host, address.port), timeout)
        connection.settimeout(None)
        center = self._adopt(connection)
        center.rank = 0
        connection.sendall(f"hello {address.token} {self.rank}\n".encode())
        self._start(lambda: self._follow(center))

    def fail(self, perhaps_by_another: bool) -> bool:
        """Tells the others that this process ends by an error.

        Args:
            perhaps_by_another: Whether the error may be what another process's end looks like from here.

        Returns:
            Whether it is the first one, which is to be said: all later ones are the same, or follow from it.
        """
        if not perhaps_by_another:
            self._leaving.set()
        elif self._ended.wait(PATIENCE):
            return self.end == End("failed", self.rank)
        if self.rank == 0:
            self._decide(End("failed", 0))
        else:
            self._send("failed")
            self._ended.wait(PATIENCE)
        return self.end is None or self.end == End("failed", self.rank)

    def leave(self) -> None:
        """Tells the others that this process has done its part."""
        self._leaving.set()
        self._send("left")
        if self.rank != 0:
            for member in self._members:
                with contextlib.suppress(OSError):  # it has ended already
                    member.connection.shutdown(socket.SHUT_WR)

    def _start(self, run: Callable[[], None]) -> None:
        threading.Thread(target=run, name="gan-lab-peers", daemon=True).start()

    def _adopt(self, connection: socket.socket) -> _Member:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # tells of a machine that is no more
        for option, value in (("TCP_KEEPIDLE", 6), ("TCP_KEEPINTVL", 4), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, option):  # not every system has them
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        member = _Member(connection)
        self._members.append(member)
        return member

    def _send(self, line: str) -> None:
        for member in self._members:
            with contextlib.suppress(OSError):  # it has ended, which its reader finds out
                if member.rank is not None:
                    member.connection.sendall(f"{line}\n".encode())

    def _serve(self, listener: socket.socket, token: str) -> None:
        """Hears the others at rank 0, until all have come and gone."""
        gone = 0
        with selectors.DefaultSelector() as selector, listener:
            selector.register(listener, selectors.EVENT_READ)
            while gone < self.world_size - 1:
                for key, _ in selector.select():
                    member = key.data
                    if member is None:
                        member = self._adopt(listener.accept()[0])
                        selector.register(member.connection, selectors.EVENT_READ, member)
                        continue
                    for words in member.lines():
                        self._hear(member, words, token)
                    if not member.open:
                        selector.unregister(member.connection)
                        member.connection.close()
                        gone += member.rank is not None
                        if member.rank is not None and not member.left:
                            self._decide(End("lost", member.rank))

    def _hear(self, member: _Member, words: list[str], token: str) -> None:
        match words:
            case ["hello", shown, rank] if hmac.compare_digest(shown.encode(), token.encode()):
                member.rank = int(rank)
            case ["left"]:
                member.left = True
            case ["failed"] if member.rank is not None:
                member.left = True
                self._decide(End("failed", member.rank))

    def _follow(self, center: _Member) -> None:
        """Hears rank 0, until it has gone."""
        while center.open:
            for words in center.lines():
                match words:
                    case ["left"]:
                        center.left = True
                    case ["end", "failed" | "lost" as how, rank]:
                        self._end_after(End(how, int(rank)))
        center.connection.close()
        if not center.left and not self._leaving.is_set() and self.end is None:
            self._end_after(End("lost", 0))

    def _decide(self, end: End) -> None:
        """Takes an end for the run's if it is the first one, and tells all; for rank 0."""
        with self._lock:
            first = self.end is None
            self.end = self.end or end
        if first:
            self._send(f"end {end.how} {end.rank}")
            self._end_after(end)

    def _end_after(self, end: End) -> None:
        """Ends this process after another one's end, unless it does so by itself soon."""
        self.end = self.end or end
        self._ended.set()
        if end.rank == self.rank or self._leaving.is_set():
            return
        if end.how == "lost" and self.rank == (1 if end.rank == 0 else 0):  # one process says it for all
            say_error(
                f"process {end.rank} of {self.world_size} has ended without a word: it was killed, or memory ran out; "
                "this run ends too"
            )
        if not self._leaving.wait(GRACE):  # the main thread may wait for ever
            end_process(1)


def end_with_starter() -> None:
    """Has this process end when the one that started it for a rank of its own is no more.

    That is the command of rank 0, whose others wait for it for half an hour if it is killed before they are connected,
    or ``torchrun``. To be called as a command begins.
    """
    named, local_rank = (int(os.environ.get(name, 0)) for name in (_STARTER, "LOCAL_RANK"))
    os.environ[_STARTER] = str(os.getpid())  # for those that this process starts
    starter = named if local_rank > 0 and named != os.getpid() else None  # its own, of an earlier command
    if "TORCHELASTIC_RUN_ID" in os.environ:
        starter = os.getppid()
    if starter:
        threading.Thread(target=_await_end_of, args=(starter,), name="gan-lab-starter", daemon=True).start()


def _await_end_of(starter: int) -> None:
    while os.getppid() == starter:  # another process takes over the children of one that is no more
        time.sleep(1)
    time.sleep(GRACE)
    end_process(1)


def end_process(status: int) -> NoReturn:
    """Ends this process at once: connections to processes that are no more cannot be closed in good order."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # its reader may have gone too
            stream.flush()
    os._exit(status)


_present: Peers | None = None  # those of the run that this process is in


def enter(peers: Peers) -> None:
    """Has :func:`fail` and :func:`leave` speak to these."""
    global _present
    _present = peers


def are_known() -> bool:
    """Whether this process is among others that notice its end."""
    return _present is not None


def fail(perhaps_by_another: bool) -> bool:
    """As :meth:`Peers.fail`; True, that the error is to be said, in a process that is alone."""
    return _present is None or _present.fail(perhaps_by_another)


def leave() -> None:
    """As :meth:`Peers.leave`; after it this process is alone."""
    global _present
    if _present is not None:
        _present.leave()
        _present = None
