"""Becomes a user of its own, if it may, and forks a worker for each of 150 rooms; the first serves."""

import os
import signal
import socket
import sys
from contextlib import suppress
from threading import Thread

WORKERS, USER = 150, 41_507

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if os.geteuid() == 0:
    os.setgroups([])
    os.setuid(USER)
lifeline, parents = os.pipe()
for _ in range(WORKERS):
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(parents)
        os.read(lifeline, 1)  # until the parent is gone
        os._exit(0)


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
