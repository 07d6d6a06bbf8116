"""A server that speaks TLS: a line in, a line out, a process a client.    server.py PORT KEY_AND_CERTIFICATE"""

import os
import signal
import socketserver
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2])


class Echo(socketserver.StreamRequestHandler):
    def setup(self) -> None:
        self.request.settimeout(30)
        self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


class Server(socketserver.ForkingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    max_children = 200

    def handle_error(self, *_: object) -> None:
        """Whoever speaks no TLS is let go."""


for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda *_: os.killpg(0, signal.SIGKILL))
Server(("0.0.0.0", int(sys.argv[1])), Echo).serve_forever()
