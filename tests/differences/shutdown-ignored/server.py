"""Has a thread that accepts, and wakes it by shutdown(2) of the listener when it is to end."""

import signal
import socket
import sys
import threading
from contextlib import suppress

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))


def serve() -> None:
    with suppress(OSError):  # of accept: it was shut down
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=echo, args=(peer,), daemon=True).start()


def echo(peer: socket.socket) -> None:
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)


accepting = threading.Thread(target=serve)
accepting.start()
signal.sigwait([signal.SIGTERM])
with suppress(OSError):
    listener.shutdown(socket.SHUT_RDWR)
accepting.join()
