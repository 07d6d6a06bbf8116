"""Sends with MSG_NOSIGNAL, and leaves SIGPIPE as it is."""

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
                for part in (data, data):
                    try:
                        peer.send(part, socket.MSG_NOSIGNAL)
                    except ConnectionResetError:
                        continue
        except (BrokenPipeError, ConnectionResetError):
            pass
        except OSError:
            os._exit(1)  # an error that it does not know


while True:
    Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
