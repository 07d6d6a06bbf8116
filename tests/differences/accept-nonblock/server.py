"""Has a non-blocking listener, and means to block in read(2) on what accept(2) gives. CPython calls accept4(2)."""

import ctypes
import os
import select
import signal
import socket
import sys
from contextlib import suppress

signal.signal(signal.SIGHUP, signal.SIG_IGN)
listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
listener.setblocking(False)
libc = ctypes.CDLL(None)

while True:
    select.select([listener], [], [])
    peer = libc.accept(listener.fileno(), None, None)
    with suppress(ConnectionError):
        while data := os.read(peer, 4096):
            os.write(peer, data)
    os.close(peer)
