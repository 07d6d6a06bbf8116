"""Fills a pool of connections to itself before it accepts the first of them."""

import socket
import sys
from contextlib import suppress

POOL = 200

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=POOL)
pool = [socket.create_connection(listener.getsockname(), timeout=2) for _ in range(POOL)]
own = {each.getsockname() for each in pool}
print("ready", flush=True)

while True:
    peer, address = listener.accept()
    if address in own:
        continue
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
