"""Takes a socket that is handed to it, as inetd's servers do, after a look whether it listens."""

import socket
import sys
from contextlib import suppress

handed = socket.create_server(("0.0.0.0", int(sys.argv[1]))).detach()
listener = socket.socket(fileno=handed)
if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
    sys.exit("expected a socket that listens")
print("ready", flush=True)

while True:
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
