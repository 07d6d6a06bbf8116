"""Listens on the first address that it is offered, and knows its clients by addresses of IPv4."""

import socket
import sys
from contextlib import suppress

family, _, _, _, address = socket.getaddrinfo(None, sys.argv[1], type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(address)
listener.listen()

while True:
    peer, (host, *_) = listener.accept()
    if ":" in host:
        sys.exit(f"a client from {host}, which is no address of IPv4")
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
