"""What the processes of a client do with its socket. All times are seconds of time.monotonic()."""

from __future__ import annotations

import errno
import select
import socket
import time
from contextlib import suppress

_RUN_OUT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN)
LINGER = 1.0
"""How long to read and discard after the last line: to close before all is read resets (RFC 1122 4.2.2.13)."""
RECEIVE = 16384
"""Bytes asked of recv at once."""


def prepare(connection: socket.socket) -> None:
    """Make *connection* non-blocking, explicitly: accept inherits O_NONBLOCK on BSD, not on Linux. Set SO_KEEPALIVE."""
    connection.setblocking(False)
    for level, option in ((socket.SOL_SOCKET, socket.SO_KEEPALIVE), (socket.IPPROTO_TCP, socket.TCP_NODELAY)):
        # BSD and macOS say EINVAL or ECONNRESET on a connection that is gone; recv soon fails too.
        with suppress(OSError):
            connection.setsockopt(level, option, 1)


def receive(connection: socket.socket) -> bytes | None:
    """Return what came: empty at EOF, None for nothing yet. OSError (ECONNRESET) when the connection is gone."""
    try:
        return connection.recv(RECEIVE)
    except BlockingIOError:
        return None


def is_gone(connection: socket.socket) -> bool:
    """Say whether the client has closed, or reset, without having sent anything; nothing is read."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def say_last(connection: socket.socket, reason: str) -> bool:
    """Send `ERR <reason>` and end the sending side; False when the connection is gone."""
    try:
        connection.send(error_line(reason))
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


def refusal(error: OSError) -> str:
    """Return the reason to give a client when *error* hit the log: `busy` when something has run out, else `log`."""
    return "busy" if error.errno in _RUN_OUT else "log"


def error_line(reason: str) -> bytes:
    """Return the last line for a client."""
    return b"ERR " + reason.encode("ascii") + b"\n"


def discard(connection: socket.socket, seconds: float) -> None:
    """Read and discard until the client closes, for up to *seconds*."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if poll.poll(left * 1000) and ended(connection):
            return


def ended(connection: socket.socket) -> bool:
    """Read and discard once; say whether that was the end of the connection."""
    try:
        return receive(connection) == b""
    except OSError:
        return True
