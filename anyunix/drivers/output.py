"""What a command on a platform writes: the first bytes of it are kept, and its lines are told as they come."""

from typing import Generic, TypeVar

from anyunix.drivers.base import Progress

Stream = TypeVar("Stream")
LINE_BYTES = 65536
"""Of a line that is told at most."""


class Kept(Generic[Stream]):
    """Takes pieces of the streams `out` and `err`, as a driver's engine or wire calls them."""

    def __init__(self, out: Stream, err: Stream, limit: int, say: Progress | None = None) -> None:
        """`limit` is in bytes, for each stream; what comes after that is dropped. `say` gets the lines of `out`."""
        self._out, self._limit, self._say, self._rest = out, limit, say, b""
        self.content: dict[Stream, bytearray] = {out: bytearray(), err: bytearray()}

    def __call__(self, stream: Stream, piece: bytes) -> None:
        kept = self.content[stream]
        kept += piece[: max(0, self._limit - len(kept))]
        if self._say and stream == self._out:
            *lines, rest = (self._rest + piece).split(b"\n")
            self._rest = rest[-LINE_BYTES:]
            for line in lines:
                self._say(line.decode(errors="replace"))

    def text(self, stream: Stream) -> str:
        """What was kept of a stream."""
        return self.content[stream].decode(errors="replace")
