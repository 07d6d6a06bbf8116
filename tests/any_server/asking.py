"""A server that asks another one about each client, a moment after that has come; the faults that say so change it.

    asking.py PORT

A line is answered with `hello`. The other one is a listener of its own.
"""

import ctypes
import os
import signal
import socket
import sys

PAUSE_MICROSECONDS = 10_000
"""So that nobody asks often."""


def main(port: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.create_server(("", port), backlog=128) as listener, socket.create_server(("127.0.0.1", 0)) as other:
        while True:
            peer, _ = listener.accept()
            with peer:
                ask(other)
                if os.fork() == 0:
                    answer(peer)
                    os._exit(0)


def ask(other: socket.socket) -> None:
    pause()
    with socket.socket() as asking:
        asking.connect(other.getsockname())
        other.accept()[0].close()


def pause() -> None:
    """Python's own sleep is another system call on each system, and goes on when it is interrupted (PEP 475)."""
    libc = ctypes.CDLL(None)
    while libc.usleep(PAUSE_MICROSECONDS) == -1:
        pass


def answer(peer: socket.socket) -> None:
    if b"\n" in peer.recv(4096):
        peer.sendall(b"hello\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
