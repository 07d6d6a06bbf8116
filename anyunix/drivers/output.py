"""What a command on a platform writes: the first bytes of it are kept, and its lines are told as they come."""

from typing import Generic, TypeVar

from anyunix.drivers.base import Progress

Name = TypeVar("Name")
LINE_BYTES = 65536
"""Of a line that is told at most: its end."""


class Stream:
    """One stream of a command."""

    def __init__(self, limit: int, say: Progress | None = None) -> None:
        """`limit` is in bytes; what comes after that is dropped. `say` gets each line, dropped or not."""
        self._limit, self._say, self._line = limit, say, b""
        self.content = bytearray()

    def take(self, piece: bytes) -> None:
        """The next of what came."""
        self.content += piece[: max(0, self._limit - len(self.content))]
        if self._say:
            *lines, rest = (self._line + piece).split(b"\n")
            self._line = rest[-LINE_BYTES:]
            for line in lines:
                self._say(line.decode(errors="replace"))

    def end(self) -> None:
        """Nothing more comes: tell the line that no newline ended."""
        if self._say and self._line:
            self._say(self._line.decode(errors="replace"))

    def text(self) -> str:
        """What was kept."""
        return self.content.decode(errors="replace")


class Kept(Generic[Name]):
    """Takes pieces of the streams `out` and `err`, as a driver's engine or wire calls them."""

    def __init__(self, out: Name, err: Name, limit: int, say: Progress | None = None) -> None:
        """`limit` is in bytes, for each stream; `say` gets the lines of `out`."""
        self._streams = {out: Stream(limit, say), err: Stream(limit)}

    def __call__(self, stream: Name, piece: bytes) -> None:
        self._streams[stream].take(piece)

    def content(self, stream: Name) -> bytes:
        """What was kept of a stream."""
        return bytes(self._streams[stream].content)

    def text(self, stream: Name) -> str:
        """The same, as text."""
        return self._streams[stream].text()
