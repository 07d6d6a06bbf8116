"""Tries itself out at the address that it has bound, which is 0.0.0.0."""

import socket
import sys
from contextlib import suppress

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
socket.create_connection(listener.getsockname()).close()
print("ready", flush=True)

while True:
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
