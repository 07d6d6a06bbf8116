"""How to speak to the server."""

import select
import socket

QUIET_SECONDS = 0.2
"""So long a server that waits for the rest of a command says nothing."""


def ask(client: socket.socket, *pieces: bytes) -> bytes:
    """The line that answers a command, which is sent in these pieces, one TCP segment each.

    Raises AssertionError when a part of it is answered, TimeoutError when none is.
    """
    client.settimeout(5)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces[:-1]:
        client.sendall(piece)
        answered, _, _ = select.select([client], [], [], QUIET_SECONDS)
        assert not answered, f"{piece!r} alone was answered: {client.recv(4096)!r}"
    client.sendall(pieces[-1])
    return client.recv(4096)
