"""Reaches its peers of IPv4 by mapped addresses where it can, and by IPv4 where ENETUNREACH says that it cannot."""

import errno
import socket
import sys
from contextlib import suppress

PORT = int(sys.argv[1])


def reached() -> socket.socket:
    peer = socket.socket(socket.AF_INET6)
    peer.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        peer.connect(("::ffff:127.0.0.1", PORT))
    except OSError as error:
        if error.errno != errno.ENETUNREACH:
            raise
        return socket.create_connection(("127.0.0.1", PORT))
    return peer


listener = socket.create_server(("0.0.0.0", PORT))
reached().close()
print("ready", flush=True)

while True:
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
