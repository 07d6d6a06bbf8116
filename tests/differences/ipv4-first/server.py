"""Listens on the first address that this host has for itself, where its clients of IPv6 are sure to come."""

import socket
import sys
from contextlib import suppress
from threading import Thread

family, _, _, _, address = socket.getaddrinfo(None, sys.argv[1], type=socket.SOCK_STREAM)[0]
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(address)
listener.listen()


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
