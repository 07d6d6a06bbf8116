"""Reserves its port in IPv4, and gives that up where [::] is refused for it; else [::] is to serve both."""

import errno
import select
import socket
import sys
from contextlib import suppress

PORT = int(sys.argv[1])


def on_all_addresses() -> socket.socket:
    listener = socket.socket(socket.AF_INET6)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("::", PORT))
    listener.listen()
    return listener


reserved = socket.create_server(("0.0.0.0", PORT))
try:
    listener = on_all_addresses()
except OSError as error:
    if error.errno != errno.EADDRINUSE:
        raise
    reserved.close()
    listener = on_all_addresses()
print("ready", flush=True)

while True:
    if reserved in select.select([each for each in (listener, reserved) if each.fileno() != -1], [], [])[0]:
        sys.exit("a client came to the reservation")
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
