"""Two workers with a listener each; it is up once each of them has answered."""

import os
import socket
import sys
from contextlib import suppress

PORT, WORKERS, TRIES = int(sys.argv[1]), 2, 64


def work(listener: socket.socket) -> None:
    while True:
        peer, _ = listener.accept()
        with peer, suppress(ConnectionError):
            while data := peer.recv(4096):
                peer.sendall(str(os.getpid()).encode() if data == b"who\n" else data)


def who() -> bytes:
    with socket.create_connection(("127.0.0.1", PORT), timeout=5) as peer:
        peer.sendall(b"who\n")
        return peer.recv(64)


gate = socket.socket()  # has the port, and is no listener yet
gate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
gate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
gate.bind(("0.0.0.0", PORT))
workers = []
for listener in [socket.create_server(("0.0.0.0", PORT), reuse_port=True) for _ in range(WORKERS)]:
    child = os.fork()
    if child == 0:
        work(listener)
    workers.append((child, listener))
for _, listener in workers:
    listener.close()
answered = set()
for _ in range(TRIES):
    answered.add(who())
    if len(answered) == WORKERS:
        print("ready", flush=True)
        os.wait()
for child, _ in workers:
    os.kill(child, 9)
sys.exit("a worker does not answer")
