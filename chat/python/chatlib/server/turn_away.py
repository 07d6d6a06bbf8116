"""Clients that got an ERR line from the parent itself, which must never wait for one of them."""

from __future__ import annotations

import socket
import time

from chatlib.common.io import close_once
from chatlib.server.connection import LINGER, ended, prepare, say_last

_MOST = 64


class TurnedAway:
    """Keeps each connection open until the client closes, a second at most, so that no reset overtakes the line."""

    def __init__(self) -> None:
        """Start with none."""
        self._connections: dict[int, tuple[socket.socket, float]] = {}

    def add(self, connection: socket.socket, reason: str) -> None:
        """Answer `ERR <reason>`; more than 64 at once, and the oldest one is closed early."""
        prepare(connection)
        if not say_last(connection, reason):
            connection.close()
            return
        if len(self._connections) >= _MOST:
            self._close(next(iter(self._connections)))
        self._connections[connection.fileno()] = (connection, time.monotonic() + LINGER)

    def descriptors(self) -> list[int]:
        """Return the descriptors to poll for reading."""
        return list(self._connections)

    def deadlines(self) -> list[float]:
        """Return when, in time.monotonic(), each is due to be closed."""
        return [deadline for _, deadline in self._connections.values()]

    def tend(self, ready: set[int]) -> None:
        """Discard what came on the *ready* descriptors and close what is over."""
        now = time.monotonic()
        for descriptor, (connection, deadline) in list(self._connections.items()):
            if deadline <= now or (descriptor in ready and ended(connection)):
                self._close(descriptor)

    def close(self) -> None:
        """Close all: when the server ends, and in a child."""
        for descriptor in list(self._connections):
            self._close(descriptor)

    def _close(self, descriptor: int) -> None:
        close_once(self._connections.pop(descriptor)[0].close)
