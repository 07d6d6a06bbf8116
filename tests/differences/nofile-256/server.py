"""Keeps a file open for each of 400 rooms."""

import os
import socket
import sys
from contextlib import suppress
from threading import Thread

rooms = [os.open(os.devnull, os.O_WRONLY) for _ in range(400)]
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
