"""Has a control socket with a path of 106 bytes."""

import socket
import sys
from contextlib import suppress
from threading import Thread

control = socket.socket(socket.AF_UNIX)
control.bind(f"{sys.argv[2]}/".ljust(106, "c"))
control.listen()
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
