"""Two readers of one log: the one that may not write yet leaves that to the other."""

import fcntl
import os
import socket
import sys
from contextlib import suppress
from threading import Lock, Thread

first, second = (os.open(sys.argv[2], os.O_RDWR | os.O_CREAT, 0o600) for _ in range(2))
turn = Lock()


def write(data: bytes) -> None:
    with turn:
        fcntl.flock(first, fcntl.LOCK_SH)
        fcntl.flock(second, fcntl.LOCK_SH)
        with suppress(BlockingIOError):
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the first gave its lock up
        os.write(second, data)
        fcntl.flock(second, fcntl.LOCK_UN)


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            write(data)
            peer.sendall(data)


write(b"started\n")  # what is refused shows at once
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
