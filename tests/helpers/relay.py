"""A stand-in for an engine's socket that hands everything on, until it is told to gather answers or to stop."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

PIECE = 65536


class Relay:
    """Between a client and an engine. `lag` seconds are waited for more before an answer is handed on."""

    def __init__(self, path: Path, engine: str) -> None:
        self._engine, self.lag = engine, 0.0
        self.stuck = threading.Event()
        """Once set, nothing is handed on any more, and no connection ends."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(16)
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, far = self._listener.accept()[0], socket.socket(socket.AF_UNIX)
                self._sockets += [near, far]
                far.connect(self._engine)
                threading.Thread(target=self._pump, args=(near, far), daemon=True).start()
                threading.Thread(target=self._pump, args=(far, near), kwargs={"gather": True}, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, gather: bool = False) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := source.recv(PIECE):
                while gather and self.lag and select.select([source], [], [], self.lag)[0]:
                    more = source.recv(PIECE)
                    piece += more
                    if not more:
                        break
                if self.stuck.is_set():
                    return
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def relay(path: Path, engine: str) -> Iterator[Relay]:
    """A relay at `path` to the engine's socket."""
    opened = Relay(path, engine)
    try:
        yield opened
    finally:
        opened.close()
