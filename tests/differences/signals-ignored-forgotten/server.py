"""One client after the other, each with a process of its own, whose end comes by sigwait(3)."""

import os
import signal
import socket
import sys

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    peer, _ = listener.accept()
    child = os.fork()
    if child == 0:
        listener.close()
        try:
            while data := peer.recv(4096):
                peer.sendall(data)
        finally:
            os._exit(0)
    peer.close()
    signal.sigwait({signal.SIGCHLD})
    os.waitpid(child, 0)
