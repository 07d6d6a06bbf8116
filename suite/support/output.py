"""What a server prints: the first and the last of it, however much that is.

A file would grow as fast as the server writes, a pipe that nobody reads would stop it, and RLIMIT_FSIZE would change
it. So its stdout and stderr are pipes, and another process empties them: support/keeper.py.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path

from support.deadline import Deadline
from support.keeper import NAMES, take_over

ANSWER_SECONDS = 10.0
GAP = b"\n[what came here is left out]\n"


class Output:
    """The pipes that a server gets for its stdout and stderr, and what came through them. It ends with `end`."""

    def __init__(self, folder: Path, user: int | None = None) -> None:
        """`folder` is made for what is kept. A server that runs as another `user` may open /dev/stderr again."""
        folder.mkdir()
        self._folder, self._ended = folder, 0
        pipes = [os.pipe() for _ in NAMES]
        self.stdout, self.stderr = (writing for _, writing in pipes)
        if user is not None:
            for _, writing in pipes:
                os.fchown(writing, user, -1)
        self._here, there = socket.socketpair()
        take_over([reading for reading, _ in pipes], there.fileno(), folder)
        there.close()
        for reading, _ in pipes:
            os.close(reading)
        self._answer()

    def handed_over(self) -> None:
        """The server has its pipes, or did not start: when its last process has closed them, they are at their end."""
        os.close(self.stdout)
        os.close(self.stderr)

    def read(self, name: str) -> bytes:
        """All that was kept of what the server had written when this was called."""
        self._settle()
        pieces = {int(path.suffix[1:]): path for path in self._folder.glob(f"{name}.*")}
        data, expected = b"", 0
        for number, path in sorted(pieces.items()):
            with suppress(FileNotFoundError):  # the server writes on, and this is no longer of the last
                data += (b"" if number == expected else GAP) + path.read_bytes()
                expected = number + 1
        return data

    def ended(self, name: str) -> bool:
        """Whether the server and all that it started have closed it."""
        self._settle()
        return bool(self._ended >> NAMES.index(name) & 1)

    def end(self) -> None:
        """Keep what has come so far, and no more of it."""
        with suppress(OSError):
            self._here.shutdown(socket.SHUT_WR)
            self._answer()
        self._here.close()

    def _settle(self) -> None:
        """Let it take everything that is in the pipes now."""
        with suppress(OSError):  # it has ended, so nothing will change
            self._here.send(b"?")
            self._answer()

    def _answer(self) -> None:
        self._here.settimeout(Deadline(ANSWER_SECONDS).seconds)
        if answer := self._here.recv(1):
            self._ended = answer[0]
