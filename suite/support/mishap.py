"""Reads from clients, and writes to them, that fail when a probe wants it: c/mishap.c, preloaded into a server."""

import errno
import struct
from pathlib import Path

import pytest

from support.preload import find_object, with_object

CALLS = {"read": 1, "write": 2}
LAYOUT = struct.Struct("=iiii")
"""Which calls, the errno, how often from now on, how often so far."""


class Mishap:
    """`wrapper` goes in front of the server's command."""

    def __init__(self, folder: Path) -> None:
        """Skips where nothing can be preloaded."""
        found = find_object(folder, "mishap")
        if isinstance(found, str):
            pytest.skip(f"no error of a socket can be made here: {found}")
        self._file = folder / "mishap-state"
        self._file.write_bytes(LAYOUT.pack(0, 0, 0, 0))
        self._file.chmod(0o666)  # a server may become another user before it calls exec
        self.wrapper = with_object(found, "ANYUNIX_MISHAP", str(self._file))

    def arm(self, call: str, error: str) -> None:
        """The next `read` or `write` of any of its processes, from or to a client, fails."""
        with self._file.open("r+b") as file:  # mapped: it has to stay the same file
            file.write(LAYOUT.pack(CALLS[call], getattr(errno, error), 1, 0))

    def met(self) -> bool:
        """Whether that has happened."""
        return bool(LAYOUT.unpack(self._file.read_bytes())[3])
