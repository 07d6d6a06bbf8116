"""Listens on :: alone, and counts on IPv4 clients being served there."""

import socket
import sys
from contextlib import suppress
from threading import Thread

listener = socket.socket(socket.AF_INET6)  # create_server() would set IPV6_V6ONLY itself
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("::", int(sys.argv[1])))
listener.listen()


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
