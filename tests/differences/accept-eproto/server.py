"""Knows that a client may be gone before it is accepted, and knows one error for that."""

import socket
import sys
from contextlib import suppress

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))

while True:
    try:
        peer, _ = listener.accept()
    except ConnectionAbortedError:
        continue
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
