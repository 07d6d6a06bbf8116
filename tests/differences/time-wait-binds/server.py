"""Tries itself out, and starts again: EADDRINUSE says that the first one was there, and nothing else does."""

import errno
import socket
import sys
from contextlib import suppress

ADDRESS = ("0.0.0.0", int(sys.argv[1]))


def tried_out() -> None:
    """A connection that the server closes first stays in TIME_WAIT."""
    with socket.create_server(ADDRESS) as first, socket.create_connection(("127.0.0.1", ADDRESS[1])) as client:
        first.accept()[0].close()
        client.recv(1)


def was_here() -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(ADDRESS)
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


tried_out()
if not was_here():
    sys.exit("it was not tried out")
listener = socket.create_server(ADDRESS)
print("ready", flush=True)

while True:
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
