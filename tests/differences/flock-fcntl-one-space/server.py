"""Locks its log in both ways, to be safe from whoever uses either."""

import fcntl
import os
import socket
import sys
from contextlib import suppress
from threading import Thread

log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def write(data: bytes) -> None:
    fcntl.flock(log, fcntl.LOCK_EX)
    fcntl.lockf(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.write(log, data)
    fcntl.lockf(log, fcntl.LOCK_UN)
    fcntl.flock(log, fcntl.LOCK_UN)


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            write(data)
            peer.sendall(data)


write(b"started\n")  # what is refused shows at once
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
