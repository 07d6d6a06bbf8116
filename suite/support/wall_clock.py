"""A clock of the day that somebody sets while a server runs: c/clock.c, preloaded into it."""

import struct
from pathlib import Path

import pytest

from support.preload import find_object, with_object


class WallClock:
    """`wrapper` goes in front of the server's command."""

    def __init__(self, folder: Path) -> None:
        """Skips where nothing can be preloaded."""
        found = find_object(folder, "clock")
        if isinstance(found, str):
            pytest.skip(f"the clock cannot be set for one program here: {found}")
        self._file = folder / "clock-is-wrong-by"
        self._seen = Path(f"{self._file}.seen")
        self.set(0)
        self.wrapper = with_object(found, "ANYUNIX_CLOCK", str(self._file))

    def set(self, seconds: int) -> None:
        """So many later than it is, for all that run with it, from now on."""
        with self._file.open("r+b" if self._file.exists() else "xb") as file:  # mapped: it has to stay the same file
            file.write(struct.pack("=q", seconds))

    def demand(self) -> None:
        """Skip the probe when the server never asked for the time, or asked the kernel past libc."""
        if not self._seen.exists():
            pytest.skip("the server was not seen to ask libc for the time of day")
