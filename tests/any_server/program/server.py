"""A server that says `welcome N` to the N-th client, and hears what it likes.    server.py PORT"""

import socketserver
import sys


class Welcome(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        name = self.rfile.readline().strip()
        self.wfile.write(b"welcome " + name + b"\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """One that has gone."""


Server(("0.0.0.0", int(sys.argv[1])), Welcome).serve_forever()
