"""Looks for a neighbour that may not be there: connect(2) is under way, and how it ends is seen later."""

import errno
import socket
import sys
from contextlib import suppress

nobody = socket.socket()
nobody.bind(("127.0.0.1", 0))
neighbour = socket.socket()
neighbour.setblocking(False)
if (error := neighbour.connect_ex(nobody.getsockname())) not in (0, errno.EINPROGRESS):
    sys.exit(f"connect: {errno.errorcode[error]}")
listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))

while True:
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
