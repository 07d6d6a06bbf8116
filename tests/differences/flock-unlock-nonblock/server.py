"""Has LOCK_NB in all its calls."""

import fcntl
import os
import socket
import sys
from contextlib import suppress
from threading import Lock, Thread

log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
turn = Lock()


def write(data: bytes) -> None:
    with turn:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(log, data)
        fcntl.flock(log, fcntl.LOCK_UN | fcntl.LOCK_NB)


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            write(data)
            peer.sendall(data)


write(b"started\n")  # what is refused shows at once
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
