"""Ends when accept(2) fails, as it does on Linux for a listener alone that is broken."""

import socket
import sys
from contextlib import suppress

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))

while True:
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
