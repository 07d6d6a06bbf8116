"""A connection to the server, by the first of its addresses that answers."""

from __future__ import annotations

import os
import socket

from chatlib.client.errors import LostError
from chatlib.common.errors import ServiceError, reason

CONNECT_TIMEOUT = 10.0
"""Seconds for each address."""


def connect_to(host: str, port: int) -> socket.socket:
    """Return a non-blocking connection to *host*, whose addresses are tried in the order of getaddrinfo(3).

    LostError when none answers, ServiceError when the name has none.
    """
    failures = []
    for family, kind, protocol, _, address in _resolve(host, port):
        connection = None
        try:
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(CONNECT_TIMEOUT)
            connection.connect(address)
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            if connection is not None:
                connection.close()
            failures.append(f"{address[0]}: {reason(error)}")
            continue
        return connection
    raise LostError(f"cannot connect to port {port} of {', '.join(failures)}")


_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]


def _resolve(host: str, port: int) -> list[_Found]:
    try:
        # Bytes, because Python would encode a str with its slow idna codec.
        return socket.getaddrinfo(os.fsencode(host), port, socket.AF_UNSPEC, socket.SOCK_STREAM)  # type: ignore[return-value]
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise LostError(f"cannot find {host}: {reason(error)}") from None
        raise ServiceError(f"cannot find {host}: {reason(error)}") from None
