"""Its processes take turns by a lock on a pipe, for want of a file."""

import fcntl
import os
import socket
import sys
from contextlib import suppress
from threading import Thread

turn, _ = os.pipe()


def take_turn() -> None:
    fcntl.flock(turn, fcntl.LOCK_EX)
    fcntl.flock(turn, fcntl.LOCK_UN)


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            take_turn()
            peer.sendall(data)


take_turn()  # what is refused shows at once
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
