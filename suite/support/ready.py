"""From the start of a server until it listens."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from support.address import Address, listening_on, own_addresses
from support.child import describe_status
from support.clients import Clients
from support.deadline import Deadline, wait_until
from support.held_sockets import held_by
from support.net import LOOPBACKS, can_bind, connect_error
from support.output import Output
from support.starting import Started
from support.subject import Promises, Ready
from support.userns import one_user_only
from support.voice import Unserved

T = TypeVar("T")
READY_SECONDS = 15.0
CONNECT_SECONDS = 1.0
PATIENCE_SECONDS = 1.0
"""For an address that refuses, of a server that stops listening now and then."""
SETTLE_SECONDS = 1.0
"""From one listen(2) of a server to its next."""
WRONG_SECONDS = 4.0
"""For a server that answers its first clients that it is not ready yet."""
SOCKETS = 5
"""That a failure names."""
LAST_LINES = 3
"""Of what a server said, in a failure."""


class NotReady(AssertionError):
    """The server did not come to listen; carries what it said and its exit status."""

    def __init__(self, message: str, stderr: str, stdout: str, returncode: int | None) -> None:
        super().__init__(f"{message}{one_user_only()}{last_words(stderr, stdout)}")
        self.stderr, self.returncode = stderr, returncode


class Awaited:
    """A server that was started and is not known to be ready."""

    def __init__(self, process: Started, output: Output) -> None:
        self._process, self._output = process, output
        self._deadline = Deadline(READY_SECONDS)

    def named(self, pattern: str) -> tuple[Address, ...]:
        """The addresses that a line on its stdout names. Raises NotReady."""
        match = self._wait(lambda: self._line_like(pattern), lambda: f"no line like {pattern!r} on stdout")
        return tuple(Address.parse(word) for word in match["addresses"].decode().split())

    def measured(self, ready: Ready, clients: Clients, promises: Promises, place: Address) -> tuple[Address, ...]:
        """The addresses that answer, once the server says that it is ready and serves a client. Raises NotReady.

        `place` is where it was told to listen: its host is the path of a socket, or nothing.
        """
        port, where = place.port, f"port {place.port}" if place.port else str(place)
        first = FirstClient(clients, place)
        if ready.how == "line":
            self._until(lambda: self._line_like(ready.what), lambda: f"no line like {ready.what!r} on stdout")
        elif ready.how == "file":
            self.written(ready.what)
        try:
            self._until(first.served, lambda: f"nothing is served on {where}{first.why or self._elsewhere()}")
        except Unserved as error:
            raise self._failure(
                f"not ready: a client of {where} is answered, but not as `talk` expects: {error}"
            ) from None
        if place.host:
            return (place,)
        if ready.how == "port" and clients.talk is None:
            self._settled(promises, port)
        addresses = listening_on(port, 0.0 if promises["at_once"] else PATIENCE_SECONDS, clients.error)
        if not addresses:
            with suppress(TimeoutError):  # it may be on its way to its end, which came with its first client
                wait_until(lambda: self._process.poll() is not None, "it to end", SETTLE_SECONDS)
            self._until(lambda: True, lambda: "")
            raise self._failure(f"nothing listens on port {port} any more, though a client was served")
        return addresses

    def written(self, path: str) -> None:
        """Once there is such a file, or socket. Raises NotReady."""
        self._wait(Path(path).exists, lambda: f"no file {path}")

    def known(self, place: Address) -> None:
        """Once it is known who it is that serves `place`. Raises NotReady."""
        why = [""]

        def named() -> bool:
            why[0] = self._process.unknown(place)
            return not why[0]

        self._wait(named, lambda: why[0])

    def _settled(self, promises: Promises, port: int) -> None:
        """Wait, but not for long, until each family that is promised answers.

        Where nothing but a port that answers says that the server is ready, it may be on its way to the next listen(2):
        the kernel queues connections for the first one already (POSIX listen()).
        """
        promised = [
            address
            for address in LOOPBACKS.values()
            if promises["ipv6" if ":" in address else "ipv4"] and can_bind(address) is None
        ]
        with suppress(TimeoutError):  # whether it is served is for contracts to say
            wait_until(lambda: all(connect_error(each, port) is None for each in promised), "all", SETTLE_SECONDS)

    def _line_like(self, pattern: str) -> re.Match[bytes] | None:
        said = self._output.read("stdout")
        return re.search(pattern.encode(), said[: said.rfind(b"\n") + 1], re.MULTILINE)

    def _until(self, condition: Callable[[], object], otherwise: Callable[[], str]) -> None:
        """As `_wait`, for a server that stays."""
        self._wait(condition, otherwise)
        if self._process.poll() is not None:
            raise self._ended()

    def _wait(self, condition: Callable[[], T | None], otherwise: Callable[[], str]) -> T:
        """What the condition gives, also when the server has ended by then. Raises NotReady."""

        def settled() -> tuple[T | None] | None:
            ended = self._process.poll() is not None  # first, so that its last words count
            value = condition()
            return (value,) if value or ended else None

        try:
            (value,) = wait_until(settled, "the server", self._deadline)
        except TimeoutError:
            raise self._failure(f"not ready within {self._deadline.seconds:.3g} s: {otherwise()}") from None
        if not value:
            raise self._ended()
        return value

    def _ended(self) -> NotReady:
        status = self._process.poll() or 0
        return self._failure(f"the server {ending(status)} before it was ready", status)

    def _failure(self, message: str, status: int | None = None) -> NotReady:
        stderr, stdout = (self._output.read(name).decode(errors="replace") for name in ("stderr", "stdout"))
        return NotReady(message, stderr, stdout, status)

    def _elsewhere(self) -> str:
        """What it does listen on, to be put behind a sentence: mostly a port that nobody told it."""
        with suppress(AssertionError, OSError):  # it is ending just now
            if held := held_by(self._process.forks()):
                return f"; it listens on {', '.join(map(str, held[:SOCKETS]))}"
        return ""


class FirstClient:
    """The client whose being served says that a server is ready."""

    def __init__(self, clients: Clients, place: Address) -> None:
        self._clients, self._place = clients, place
        self._patience: Deadline | None = None
        self.why = ""
        """Why the last one that the server took was not served, to be put behind a sentence."""

    def served(self) -> bool:
        """Whether it is, by any of this platform's addresses. Raises Unserved once wrong answers do not get better."""
        for address in [self._place.host] if self._place.host else own_addresses():
            try:
                self._clients.serve(address, self._place.port, CONNECT_SECONDS)
                return True
            except Unserved as error:
                self.why = f": {error}"
                if error.answered:
                    self._patience = self._patience or Deadline(WRONG_SECONDS)
                    if self._patience.passed():
                        raise
                    return False
            except OSError:
                continue
        return False


def ending(returncode: int) -> str:
    """How a process ended: `ended with exit status 3`, `was killed by SIGSEGV`."""
    if returncode < 0:
        return f"was {describe_status(-returncode)}"
    return f"ended with {describe_status(returncode << 8)}"


def last_words(stderr: str, stdout: str = "") -> str:
    """The end of what a server said, to be put behind a sentence."""
    for name, text in (("stderr", stderr), ("stdout", stdout)):
        if lines := [line[:300] for line in text.splitlines() if line.strip()]:
            return f"; its {name} ended with:\n" + "\n".join(lines[-LAST_LINES:])
    return "; it said nothing"
