"""Has a helper in a session of its own, and ends it by its group, as getpgid(2) says it."""

import os
import signal
import socket
import sys
from contextlib import suppress
from threading import Thread

helper = os.fork()
if helper == 0:
    os.setsid()
    while True:
        signal.pause()


def end(*_: object) -> None:
    with suppress(OSError):
        os.killpg(os.getpgid(helper), signal.SIGKILL)
    os._exit(0)


signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGHUP, end)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def serve(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
