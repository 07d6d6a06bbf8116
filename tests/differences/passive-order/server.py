"""Listens on the first address that it is offered, and serves whom it knows by the address."""

import socket
import sys
from contextlib import suppress

family, _, _, _, address = socket.getaddrinfo(None, sys.argv[1], type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(address)
listener.listen()
print("ready", flush=True)

while True:
    peer, (host, *_) = listener.accept()
    with peer, suppress(ConnectionError):
        while host.startswith("127.") and (data := peer.recv(4096)):
            peer.sendall(data)
