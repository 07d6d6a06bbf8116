"""Clears IPV6_V6ONLY, so that [::] serves both families, and cannot do without."""

import socket
import sys
from contextlib import suppress

listener = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)

while True:
    peer, _ = listener.accept()
    with peer, suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
