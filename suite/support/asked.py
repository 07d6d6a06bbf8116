"""What a server of unknown protocol says: by itself, and to a few harmless openers. Few bytes, few seconds."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from support.clients import KINDS, connect_path
from support.deadline import Deadline
from support.held_sockets import Held
from support.net import LOOPBACKS, can_bind, connect, connect_error
from support.watched import Watched

GREETING_SECONDS, ANSWER_SECONDS, QUIET_SECONDS = 0.7, 1.0, 0.2
"""For what it says first; for an answer; until what came is taken for whole."""
CONNECT_SECONDS = 2.0
KEPT_BYTES = 400
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Asked:
    """A client of one of its sockets."""

    def __init__(self, place: Held, server: Watched, data: bytes = b"") -> None:
        """`data` is what it is known to answer."""
        self._place, self._server, self._data = place, server, data
        self._host = WILDCARDS.get(place.host, place.host)

    def answers(self) -> dict[str, bool]:
        """Whether its port answers on each loopback address there is: a table does not say whether :: takes IPv4."""
        if self._place.transport != "tcp":
            return {}
        usable = [address for address in LOOPBACKS.values() if can_bind(address) is None]
        seconds = Deadline(CONNECT_SECONDS).seconds
        return {address: connect_error(address, self._place.port, seconds) is None for address in usable}

    def greetings(self) -> list[str]:
        """What it says to each of two clients that say nothing; nothing over UDP, nor where the first hears nothing."""
        if self._place.transport == "udp":
            return []
        heard: list[str] = []
        for _ in range(2):
            with suppress(OSError), self._connected() as peer:
                heard.append(_hear(peer, GREETING_SECONDS))
            if not any(heard):
                break
        return [each for each in heard if each]

    def replies(self, openers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """What it answers to each, and to the same once more on the same connection, up to the first that is known.

        An opener: `name`, `data` (a character a byte), `known` (how an answer begins that proves the protocol),
        `transport`, `seconds` for an answer. A server that has ended with one is asked no more.
        """
        found = []
        for opener in openers:
            if opener["transport"] != ("udp" if self._place.transport == "udp" else "tcp"):
                continue
            reply, again, ended = "", "", True
            with suppress(OSError), self._connected() as peer:
                reply, again, ended = self._exchanged(peer, opener)
            found.append({"name": opener["name"], "reply": reply, "again": again, "ended": ended})
            if ended or (reply and reply.startswith(opener["known"])):
                break
        return found

    def _exchanged(self, peer: socket.socket, opener: dict[str, Any]) -> tuple[str, str, bool]:
        """What is answered to it, and to the same again; whether the server has ended of it."""
        data, reply, again = opener["data"].encode("latin-1"), "", ""
        try:
            peer.sendall(data)
            reply = _hear(peer, opener["seconds"])
            if reply and (reply.startswith(opener["known"]) or not self._data):
                self._data = data
            if reply and opener["again"]:
                peer.sendall(data)
                again = _hear(peer, opener["seconds"])
        except OSError:
            return reply, again, not reply and self._server.ended_soon()
        return reply, again, False

    @contextmanager
    def stay(self) -> Iterator[None]:
        """A client that was served, if one can be, and is still connected."""
        peer = None
        with suppress(OSError):
            peer = self._connect()
            peer.sendall(self._data)
            _hear(peer, ANSWER_SECONDS)
        try:
            yield
        finally:
            if peer:
                peer.close()

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        with self._connect() as peer:
            yield peer

    def _connect(self) -> socket.socket:
        """Raises OSError."""
        seconds = Deadline(CONNECT_SECONDS).seconds
        if self._place.transport == "unix":
            return connect_path(self._host, seconds)
        return connect(self._host, self._place.port, seconds, KINDS[self._place.transport])


def _hear(peer: socket.socket, seconds: float) -> str:
    """What comes within that time, until nothing more does, a character a byte. Raises ConnectionError where the
    connection ends before anything came.
    """
    deadline, came = Deadline(seconds), b""
    with suppress(TimeoutError, BlockingIOError):
        while len(came) < KEPT_BYTES and not deadline.passed():
            peer.settimeout(Deadline(QUIET_SECONDS).seconds if came else max(deadline.left(), 0.001))
            piece = peer.recv(KEPT_BYTES)
            if not piece and not came:
                raise ConnectionError("the server ended the connection")
            if not piece:
                break
            came += piece
    return came[:KEPT_BYTES].decode("latin-1")
