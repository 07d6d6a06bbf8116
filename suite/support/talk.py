"""The exchange of a subject file: what proves that a client is served by any server."""

import re
import socket

from support.deadline import Deadline
from support.subject import Talk

TALK_SECONDS = 10.0
ANSWER_BYTES = 1 << 20


class Unlike(AssertionError):
    """A server answered not as its subject file expects; `came` is what it said."""

    def __init__(self, expect: bytes, when: str, came: bytes) -> None:
        self.came = came
        hint = ""
        if b"\r" in came and re.search(expect, came.replace(b"\r", b""), re.MULTILINE):
            hint = r"; without its \r it would match: write \r?$ for the end of a line"
        super().__init__(f"nothing that matches {as_text(expect)} {when}, but {came[:200]!r}{hint}")


def as_text(expect: bytes) -> str:
    """A pattern as it stands in the subject file."""
    return repr(expect.decode("latin-1")).replace("\\\\", "\\")


def talk_to(peer: socket.socket, talk: Talk | None, seconds: float = TALK_SECONDS) -> bytes:
    """Send what is to be sent and read until what is expected has come; what came.

    Without an exchange there is nothing to prove: the connection alone has to do. Raises AssertionError, OSError.
    """
    send_to(peer, talk, seconds)
    return hear_from(peer, talk, seconds)


def send_to(peer: socket.socket, talk: Talk | None, seconds: float = TALK_SECONDS) -> None:
    """The first half of `talk_to`."""
    if talk is not None:
        peer.settimeout(Deadline(seconds).seconds)
        peer.sendall(talk.send)


def hear_from(peer: socket.socket, talk: Talk | None, seconds: float = TALK_SECONDS) -> bytes:
    """The second half of `talk_to`."""
    if talk is None:
        return b""
    deadline = Deadline(seconds)
    came = b""
    while not re.search(talk.expect, came, re.MULTILINE):
        peer.settimeout(max(deadline.left(), 0.001))
        try:
            piece = peer.recv(65536)
        except TimeoutError:
            raise Unlike(talk.expect, f"came within {deadline.seconds:.3g} s", came) from None
        if not piece or len(came) > ANSWER_BYTES:
            raise Unlike(talk.expect, "came before the connection ended", came)
        came += piece
    return came
