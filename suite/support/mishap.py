"""Calls of a server that fail when a probe wants it: c/mishap.c, preloaded into it."""

import errno
import struct
from pathlib import Path

import pytest

from support.preload import find_object, with_object

CALLS = {"read": 1, "write": 2, "connect": 3, "sleep": 4}
"""From a client and to one; a connection that it makes and waits for."""
LAYOUT = struct.Struct("=iiii")
"""Which calls, the errno, how often from now on, how often so far."""


class Mishap:
    """`wrapper` goes in front of the server's command."""

    def __init__(self, folder: Path) -> None:
        """Skips where nothing can be preloaded."""
        found = find_object(folder, "mishap")
        if isinstance(found, str):
            pytest.skip(f"no call of a server can fail here: {found}")
        self._file = folder / "mishap-state"
        self._file.write_bytes(LAYOUT.pack(0, 0, 0, 0))
        self._file.chmod(0o666)  # a server may become another user before it calls exec
        self.wrapper = with_object(found, "ANYUNIX_MISHAP", str(self._file))

    def arm(self, call: str, error: str) -> None:
        """The next one of CALLS in any of its processes fails."""
        with self._file.open("r+b") as file:  # mapped: it has to stay the same file
            file.write(LAYOUT.pack(CALLS[call], getattr(errno, error), 1, 0))

    def met(self) -> bool:
        """Whether that has happened."""
        return bool(LAYOUT.unpack(self._file.read_bytes())[3])
