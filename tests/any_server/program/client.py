"""The server's own client: says its name, prints the answer.    client.py HOST PORT <NAME"""

import socket
import sys

with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as peer, peer.makefile("rw") as stream:
    print(sys.stdin.readline(), file=stream, end="", flush=True)
    print(stream.readline(), end="")
