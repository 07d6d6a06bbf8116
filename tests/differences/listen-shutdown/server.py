"""Ends its accept loop by shutdown(2) of the listener, after which accept(2) gives EINVAL; others may pass."""

import errno
import signal
import socket
import sys
from contextlib import suppress

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))


def stop(*_: object) -> None:
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)


signal.signal(signal.SIGTERM, stop)
while True:
    try:
        peer, _ = listener.accept()
    except OSError as error:
        if error.errno == errno.EINVAL:
            break
        continue
    with peer, suppress(ConnectionError):
        peer.settimeout(0.1)
        with suppress(TimeoutError):
            while data := peer.recv(4096):
                peer.sendall(data)
