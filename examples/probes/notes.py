"""Keeps notes, a file each. A client sends `SET name text` or `GET name`, a line each, and gets a line for each.

python3 notes.py PORT FOLDER
"""

import re
import sys
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

NAME = re.compile(r"[A-Za-z0-9]{1,40}")


class Client(StreamRequestHandler):
    """One client."""

    def handle(self) -> None:
        while line := self.command():
            self.wfile.write(self.answer(*line.decode(errors="replace").rstrip("\n").split(" ", 2)) + b"\n")

    def command(self) -> bytes:
        """The next line, in however many pieces it comes; empty at the end."""
        return self.rfile.readline(4096)

    def answer(self, word: str, name: str = "", text: str = "") -> bytes:
        """The line that answers a command, without its end."""
        file = Path(sys.argv[2]) / name
        if not NAME.fullmatch(name):
            return b"ERR"
        if word == "SET":
            file.write_text(text)
            return b"OK"
        if word == "GET":
            return file.read_bytes() if file.exists() else b"NONE"
        return b"ERR"


class Server(ThreadingTCPServer):
    """A thread for each client."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 128


def serve(client: type[Client]) -> None:
    """Serve until a signal ends it."""
    with Server(("0.0.0.0", int(sys.argv[1])), client) as server:
        print("listening", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    serve(Client)
