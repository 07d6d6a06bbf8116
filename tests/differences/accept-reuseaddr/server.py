"""Marks its own sockets by SO_REUSEADDR on the listener, and closes what does not have it."""

import socket
import sys
from contextlib import suppress

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), reuse_port=False)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
print("ready", flush=True)

while True:
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while peer.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) and (data := peer.recv(4096)):
            peer.sendall(data)
