"""A server of a Unix socket, a line in, a line out; it breaks the contract that FAULT is for.

server.py PATH [FAULT]
"""

import os
import selectors
import signal
import socket
import sys
from contextlib import suppress

PATH = sys.argv[1]
FAULT = sys.argv[2] if len(sys.argv) > 2 else ""
SHORT = 60


def listener() -> socket.socket:
    """On a path that is free, or that nobody listens on any more."""
    path = PATH[:SHORT] if FAULT == "a small buffer" else PATH
    if FAULT == "cuts it off":
        path = path[:104]
    if len(os.fsencode(path)) > (104 if FAULT == "cuts it off" else 103):
        raise SystemExit(f"{path}: too long")
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if FAULT != "leaves what is there":
        take_over(path)
    found.bind(path)
    if FAULT == "open to all":
        os.chmod(path, 0o777)
    found.listen(128)
    return found


def take_over(path: str) -> None:
    """Remove what a server has left that is gone."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            if FAULT != "takes it from whoever has it":
                asking.connect(path)
                raise SystemExit(f"{path}: somebody listens there")
        except ConnectionRefusedError:
            pass
        except OSError:
            return  # nothing is there, or it is for bind to say what is wrong
    with suppress(FileNotFoundError):
        os.unlink(path)


def stop(*_: object) -> None:
    if FAULT != "leaves it behind":
        os.unlink(PATH)
    os._exit(0)


def main() -> None:
    listening = listener()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    watched = selectors.DefaultSelector()
    watched.register(listening, selectors.EVENT_READ)
    served = 0
    while True:
        for key, _ in watched.select():
            if key.fileobj is listening:
                try:
                    peer, _address = listening.accept()
                except OSError:
                    continue
                watched.register(peer, selectors.EVENT_READ)
                served += 1
                continue
            peer = key.fileobj  # type: ignore[assignment]
            try:
                data = peer.recv(65536)
                peer.sendall(data)
            except OSError:
                data = b""
            if not data:
                watched.unregister(peer)
                peer.close()
                if FAULT == "serves once" and served > 1:
                    os._exit(1)


main()
