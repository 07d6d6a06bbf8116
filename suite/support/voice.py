"""One guest's connection: what it says, what it hears, and where in what came it is."""

import re
import select
import socket
from contextlib import suppress

from support.deadline import Deadline

TALK_SECONDS = 10.0
ANSWER_BYTES = 1 << 20
"""Of what came that no pattern has matched."""
DATAGRAM_BYTES = 65536
HEARD_BYTES = 400
"""Of what came first that are kept to be shown."""


class Unserved(AssertionError):
    """A client was not served as the subject file says; `answered` whether the server said anything at all."""

    answered = False


class Unlike(Unserved):
    """A server answered not as its subject file expects."""

    def __init__(self, expect: bytes, when: str, came: bytes, where: str = "", *, answered: bool = True) -> None:
        self.answered = answered
        hint = ""
        if b"\r" in came and re.search(expect, came.replace(b"\r", b""), re.MULTILINE):
            hint = r"; without its \r it would match: write \r?$ for the end of a line"
        super().__init__(f"{where}nothing that matches {as_text(expect)} {when}, but {shown(came)}{hint}")


class NotEnded(Unserved):
    """A server keeps a connection open that it was expected to end."""

    answered = True


def as_text(expect: bytes) -> str:
    """A pattern as it stands in the subject file."""
    return repr(expect.decode("latin-1")).replace("\\\\", "\\")


def shown(came: bytes) -> str:
    """The first of what came."""
    return repr(came[:200])


class Voice:
    """A connected socket, and what came that nobody has asked for yet."""

    def __init__(self, peer: socket.socket, seconds: float = TALK_SECONDS) -> None:
        """`seconds` are for each thing that is said or heard."""
        self.peer, self._seconds = peer, seconds
        self.heard = b""
        """The first of all that came."""
        self._came, self._taken = b"", 0
        self._answered = self._ended = False
        self._written: bytes | None = None
        self._written_from = 0

    def say(self, data: bytes) -> None:
        """All of it, hearing meanwhile: a server that waits until its answers are taken is not to be waited for.

        Raises OSError.
        """
        deadline = Deadline(self._seconds)
        if self._is_tls or self.peer.type != socket.SOCK_STREAM:
            self.peer.settimeout(deadline.seconds)
            self.peer.sendall(data)
            return
        left = memoryview(data)
        poller = select.poll()
        poller.register(self.peer, select.POLLOUT | select.POLLIN)
        while left:
            for _, events in poller.poll(deadline.left() * 1000) or self._too_slow(deadline, len(data) - len(left)):
                if events & ~select.POLLOUT and not self._ended:
                    with suppress(ConnectionError):  # sending says so as well
                        self._hear_more(deadline)
                if self._ended:
                    poller.modify(self.peer, select.POLLOUT)
                if events & ~select.POLLIN:
                    self.peer.settimeout(0)
                    with suppress(BlockingIOError):
                        left = left[self.peer.send(left) :]

    def hear(self, pattern: bytes, where: str = "") -> None:
        """Wait for what matches, behind what matched before. `where` begins a failure. Raises Unlike, OSError."""
        wanted = re.compile(pattern, re.MULTILINE)
        deadline = Deadline(self._seconds)
        while not (match := wanted.search(self._came, self._taken)):
            if self._ended or len(self._came) - self._taken > ANSWER_BYTES:
                raise self._unlike(pattern, "came before the connection ended", where)
            try:
                self._hear_more(deadline)
            except TimeoutError:
                raise self._unlike(pattern, f"came within {deadline.seconds:.3g} s", where) from None
        self._taken = match.end()
        self._forget()

    def hear_end(self, where: str = "") -> None:
        """Wait until the server has ended the connection, whatever it says before. Raises NotEnded."""
        deadline = Deadline(self._seconds)
        try:
            while not self._ended:
                self._hear_more(deadline)
                self._taken = len(self._came)
                self._forget()
        except ConnectionError:  # a reset is an end
            self._ended = True
        except TimeoutError:
            raise NotEnded(f"{where}the server did not end the connection within {deadline.seconds:.3g} s") from None

    def write_down(self) -> None:
        """Keep all that comes from now on, and what nobody has asked for yet."""
        self._written, self._written_from = self._came, self._taken

    def written(self, pattern: bytes) -> int:
        """How often a pattern matches in what was written down."""
        return len([*re.compile(pattern, re.MULTILINE).finditer(self._written or b"", self._written_from)])

    @property
    def _is_tls(self) -> bool:
        return hasattr(self.peer, "getpeercert")

    def _hear_more(self, deadline: Deadline) -> None:
        """What comes next. Raises TimeoutError, OSError."""
        self.peer.settimeout(max(deadline.left(), 0.001))
        piece = self.peer.recv(DATAGRAM_BYTES)
        self._ended = not piece and self.peer.type == socket.SOCK_STREAM
        self._answered = self._answered or bool(piece)
        self.heard = (self.heard + piece)[:HEARD_BYTES]
        if self.peer.type != socket.SOCK_STREAM:  # a pattern is about one datagram
            self._came, self._taken = b"", 0
        self._came += piece
        if self._written is not None:
            self._written += piece

    def _unlike(self, pattern: bytes, when: str, where: str) -> Unlike:
        return Unlike(pattern, when, self._came[self._taken :], where, answered=self._answered)

    def _too_slow(self, deadline: Deadline, sent: int) -> list[tuple[int, int]]:
        raise TimeoutError(f"the server took {sent} bytes, and no more within {deadline.seconds:.3g} s")

    def _forget(self) -> None:
        """What was taken, but for the line that it ends in: patterns look at where a line begins."""
        line = self._came.rfind(b"\n", 0, self._taken) + 1
        self._came, self._taken = self._came[line:], self._taken - line
