"""Leaves SIGPIPE as it is: a client that resets gives ECONNRESET, and is not written to again."""

import os
import select
import signal
import socket
import sys
from threading import Thread

PATIENCE_MS = 100
"""For a client that leaves before its answer."""


def gone(peer: socket.socket) -> bool:
    poller = select.poll()
    poller.register(peer, 0)
    return bool(poller.poll(PATIENCE_MS))


signal.signal(signal.SIGPIPE, signal.SIG_DFL)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def serve(peer: socket.socket) -> None:
    with peer:
        try:
            while data := peer.recv(4096):
                gone(peer)
                peer.send(data)
        except ConnectionResetError:
            pass
        except OSError:
            os._exit(1)  # an error that it does not know


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
