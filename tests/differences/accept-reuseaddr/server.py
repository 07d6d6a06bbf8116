"""Knows its clients by SO_REUSEADDR of its listener, and ends when it is handed a stranger."""

import socket
import sys
from contextlib import suppress

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

while True:
    peer, _ = listener.accept()
    if not peer.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR):
        sys.exit("a socket that did not come from the listener")
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
