"""From the start of a server until it listens."""

import os
import re
import select
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from support.address import Address, listening_on, own_addresses
from support.child import describe_status
from support.deadline import Deadline, wait_until
from support.net import LOOPBACKS, can_bind, connect, connect_error
from support.subject import Promises, Ready, Talk
from support.talk import talk_to
from support.userns import one_user_only

READY_SECONDS = 15.0
CONNECT_SECONDS = 1.0
PATIENCE_SECONDS = 1.0
"""For an address that refuses, of a server that stops listening now and then."""
SETTLE_SECONDS = 1.0
"""From one listen(2) of a server to its next."""


class NotReady(AssertionError):
    """The server did not come to listen; carries what it said and its exit status."""

    def __init__(self, message: str, stderr: str, returncode: int | None) -> None:
        super().__init__(f"{message}{one_user_only()}\nstderr: {stderr.strip()[-2000:] or '(empty)'}")
        self.stderr, self.returncode = stderr, returncode


class Awaited:
    """A server that was started and is not known to be ready."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: Path, errors: Path) -> None:
        """`output` is where its stdout goes, when that is no pipe."""
        self._process, self._output, self._errors = process, output, errors
        self._deadline = Deadline(READY_SECONDS)

    def named(self, pattern: str) -> tuple[Address, ...]:
        """The addresses that a line on its stdout, a pipe, names. Raises NotReady."""
        assert self._process.stdout is not None
        output = b""
        while True:
            whole_lines = output[:output.rfind(b"\n") + 1]
            if match := re.search(pattern.encode(), whole_lines, re.MULTILINE):
                return tuple(Address.parse(word) for word in match["addresses"].decode().split())
            poller = select.poll()
            poller.register(self._process.stdout, select.POLLIN)
            if not poller.poll(self._deadline.left() * 1000):
                raise self._late(f"no ready line on stdout, only {output!r}")
            piece = os.read(self._process.stdout.fileno(), 65536)
            if not piece:
                self._process.wait(5)
                raise self._ended()
            output += piece

    def measured(self, ready: Ready, talk: Talk | None, promises: Promises, port: int) -> tuple[Address, ...]:
        """The addresses that answer, once the server says that it is ready and serves a client. Raises NotReady."""
        if ready.how == "line":
            self._until(lambda: re.search(ready.what.encode(), self._said(), re.MULTILINE),
                        f"no line like {ready.what!r} on stdout")
        elif ready.how == "file":
            self._until(Path(ready.what).exists, f"no file {ready.what}")
        self._until(lambda: _serves(talk, port), f"nothing is served on port {port}")
        if ready.how == "port" and talk is None:
            self._settled(promises, port)
        return listening_on(port, 0.0 if promises["at_once"] else PATIENCE_SECONDS)

    def _settled(self, promises: Promises, port: int) -> None:
        """Wait, but not for long, until each family that is promised answers.

        Where nothing but a port that answers says that the server is ready, it may be on its way to the next listen(2):
        the kernel queues connections for the first one already (POSIX listen()).
        """
        promised = [address for address in LOOPBACKS.values()
                    if promises["ipv6" if ":" in address else "ipv4"] and can_bind(address) is None]
        with suppress(TimeoutError):  # whether it is served is for contracts to say
            wait_until(lambda: all(connect_error(each, port) is None for each in promised), "all", SETTLE_SECONDS)

    def _said(self) -> bytes:
        text = self._output.read_bytes()
        return text[:text.rfind(b"\n") + 1]

    def _until(self, condition: Callable[[], object], otherwise: str) -> None:
        def settled() -> object:
            return condition() or self._process.poll() is not None

        try:
            wait_until(settled, otherwise, self._deadline.left())
        except TimeoutError:
            raise self._late(otherwise) from None
        if self._process.poll() is not None:
            raise self._ended()

    def _late(self, otherwise: str) -> NotReady:
        return NotReady(f"{otherwise} within {self._deadline.seconds:g} s", self._words(), None)

    def _ended(self) -> NotReady:
        status = self._process.returncode
        return NotReady(f"the server ended with {describe_status(_wait_status(status))} before it was ready",
                        self._words(), status)

    def _words(self) -> str:
        texts = [path.read_text(errors="replace") for path in (self._errors, self._output) if path.exists()]
        return "".join(texts)


def _serves(talk: Talk | None, port: int) -> bool:
    """Whether a client that comes by any of this platform's addresses is served."""
    for address in own_addresses():
        try:
            with connect(address, port, CONNECT_SECONDS) as peer:
                talk_to(peer, talk, CONNECT_SECONDS)
                return True
        except (OSError, AssertionError):
            continue
    return False


def _wait_status(returncode: int) -> int:
    """subprocess's return code as a wait status."""
    return -returncode if returncode < 0 else returncode << 8
