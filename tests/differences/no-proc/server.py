"""Closes whatever it has inherited."""

import os
import socket
import sys
from contextlib import suppress
from threading import Thread

for name in os.listdir("/proc/self/fd"):
    if int(name) > 2:
        with suppress(OSError):
            os.close(int(name))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
