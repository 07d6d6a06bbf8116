"""The exchange of a subject file: what proves that a client is served by any server."""

import re
import socket

from support.deadline import Deadline
from support.subject import Talk

TALK_SECONDS = 10.0
ANSWER_BYTES = 1 << 20


def talk_to(peer: socket.socket, talk: Talk | None, seconds: float = TALK_SECONDS) -> bytes:
    """Send what is to be sent and read until what is expected has come; what came.

    Without an exchange there is nothing to prove: the connection alone has to do. Raises AssertionError, OSError.
    """
    if talk is None:
        return b""
    deadline = Deadline(seconds)
    peer.settimeout(deadline.seconds)
    peer.sendall(talk.send)
    came = b""
    while not re.search(talk.expect, came, re.MULTILINE):
        peer.settimeout(max(deadline.left(), 0.001))
        try:
            piece = peer.recv(65536)
        except TimeoutError:
            raise AssertionError(f"no answer like {talk.expect!r} within {deadline.seconds:g} s, only "
                                 f"{came[:200]!r}") from None
        if not piece or len(came) > ANSWER_BYTES:
            raise AssertionError(f"the connection ended without an answer like {talk.expect!r}: {came[:200]!r}")
        came += piece
    return came
