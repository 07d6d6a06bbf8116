"""How clients come to one server, by its transport and TLS, and what they do there, by its subject file."""

import secrets
import socket
from collections.abc import Callable, Mapping
from itertools import count

from support.client_program import run_client
from support.net import CONNECT_SECONDS, connect, errno_name, reach
from support.subject import Subject
from support.talk import NUMBER_WIDTH, Conversation, filled
from support.voice import TALK_SECONDS, Unserved

NUMBERS = 10**NUMBER_WIDTH
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
ASKED_SECONDS = 1.0
"""For an answer that shows whether anybody is there, where connecting does not."""


class Clients:
    """Clients of the server that was started with these words."""

    def __init__(self, subject: Subject, words: Mapping[str, str]) -> None:
        """`words` are what stands in braces in the subject file."""
        self.transport, self.talk = subject.transport, subject.talk
        self.program = bool(subject.talk and subject.talk.client)
        """Whether clients are a program."""
        self.seconds = TALK_SECONDS
        """For each thing that is said or heard, where nobody says otherwise."""
        self._root, self.words = subject.root, words
        self._numbers = count(secrets.randbelow(NUMBERS))  # a server may remember those of an earlier run

    def connect(self, host: str, port: int, seconds: float = CONNECT_SECONDS) -> socket.socket:
        """A connected socket of the server's transport, on which nothing was said. Raises OSError."""
        if self.transport == "unix":
            return connect_path(host, seconds)
        if self.transport == "tcp":
            return reach(host, port, seconds)
        return connect(host, port, seconds, KINDS[self.transport])

    def enter(self, host: str, port: int, seconds: float = CONNECT_SECONDS) -> socket.socket:
        """As `connect`, and past the handshake where the server speaks TLS. Raises OSError, Unserved."""
        return self.secured(self.connect(host, port, seconds))

    def secured(self, peer: socket.socket) -> socket.socket:
        """The same connection past the handshake, where the server speaks TLS. Raises OSError, Unserved."""
        if self.talk is None or not self.talk.tls:
            return peer
        from support.certificate import pinned  # a Python may be built without TLS

        return pinned(peer, self._root / filled(self.talk.tls.encode(), self.words).decode())

    def converse(
        self, host: str, port: int, seconds: float = 0.0, come: Callable[[], socket.socket] | None = None
    ) -> Conversation:
        """The guests of its talk, connected, or as they `come`, with nothing said yet. Raises OSError, Unserved."""
        words = self._words_for(host, port)
        return Conversation(
            None if self.program else self.talk,
            come or (lambda: self.enter(host, port)),
            words,
            seconds or self.seconds,
        )

    def serve(self, host: str, port: int, seconds: float = 0.0) -> str:
        """Be served, and leave; the number {n} of this client. Raises OSError, Unserved."""
        if self.talk and self.program:
            words = {**self.words, **self._words_for(host, port)}
            run_client(self.talk, words, self._root, seconds or self.seconds)
            return words["n"]
        with self.converse(host, port, seconds) as conversation:
            conversation.play()
        return conversation.number

    def error(self, host: str, port: int, seconds: float = CONNECT_SECONDS) -> str | None:
        """None where somebody is there, else the name of the errno: `ECONNREFUSED`, `timeout`, or of another error."""
        try:
            if self.transport == "udp":  # which has no connections: somebody is there who answers
                self.serve(host, port, min(seconds, ASKED_SECONDS))
            else:
                self.connect(host, port, seconds).close()
        except Unserved as error:
            return type(error).__name__
        except OSError as error:
            return errno_name(error)
        return None

    def _words_for(self, host: str, port: int) -> dict[str, str]:
        number = next(self._numbers) % NUMBERS
        return {"host": host, "port": str(port), "n": f"{number:0{NUMBER_WIDTH}}"}


def connect_path(path: str, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """A connected socket of the Unix domain. Raises OSError with the path in its text."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(seconds)
    try:
        peer.connect(path)
    except OSError as error:
        peer.close()
        raise type(error)(error.errno, f"{error.strerror or error}: {path}") from None
    return peer
