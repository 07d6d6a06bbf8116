"""The user's input: stdin, line by line."""

from __future__ import annotations

import os

from chatlib.common.io import STDIN
from chatlib.common.text import LF, LINE_LIMIT

_PIECE = 16384


class Keyboard:
    """A terminal, a pipe or a file."""

    def __init__(self) -> None:
        """Look at what stdin is."""
        self.interactive = os.isatty(STDIN)
        self.ended = False
        self._buffer = b""

    def read(self) -> list[bytes]:
        """Return the lines that came, without LF; call it when stdin is readable. Sets `ended` at EOF."""
        try:
            piece = os.read(STDIN, _PIECE)
        except BlockingIOError:
            return []
        except OSError:
            piece = b""  # EIO: the terminal is gone.
        if not piece:
            self.ended = True
            # A last line without LF is a line: `printf hello | client` means it.
            rest, self._buffer = self._buffer, b""
            return [rest] if rest else []
        lines = (self._buffer + piece).split(LF)
        self._buffer = lines.pop()
        if len(self._buffer) > LINE_LIMIT:
            # Too long for the protocol already: let the server say so, instead of collecting it for ever.
            lines.append(self._buffer)
            self._buffer = b""
        return lines
