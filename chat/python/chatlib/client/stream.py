"""What the server sends: one OK line, the log's bytes, and at last perhaps ERR."""

from __future__ import annotations

from chatlib.client.errors import RefusedByServerError
from chatlib.common.errors import ServiceError
from chatlib.common.text import CAN, LF, RECORD_LIMIT, is_offset


class Received:
    """What one piece of the stream brought."""

    def __init__(self, lines: list[bytes], refusal: RefusedByServerError | None) -> None:
        """*lines* are whole ones to show, without their LF."""
        self.lines = lines
        self.refusal = refusal


class Stream:
    """Counts the bytes of whole lines, so that a later connection can go on where this one ended."""

    def __init__(self, since: int | None) -> None:
        """Start a connection whose HELLO asked for *since*; None is the log's end."""
        self.offset = since
        self.welcome = False
        self.brought_records = False
        self._buffer = b""
        self._dropped = 0

    def take(self, data: bytes) -> Received:
        """Take the *data* that came; ServiceError when it is not this protocol."""
        lines = (self._buffer + data).split(LF)
        self._buffer = lines.pop()
        shown: list[bytes] = []
        for line in lines:
            dropped, self._dropped = self._dropped, 0
            if line.startswith(b"ERR ") and not dropped:
                return Received(shown, RefusedByServerError(line[4:].decode("utf-8", "surrogateescape")))
            if not self.welcome:
                self._take_welcome(line)
                continue
            assert self.offset is not None
            self.offset += dropped + len(line) + 1
            self.brought_records = True
            # No record, but counted: what was torn by a crash and ended later, and what is too long for one.
            if dropped + len(line) <= RECORD_LIMIT and not line.endswith(CAN):
                shown.append(line)
        self._drop_overlong_line()
        return Received(shown, None)

    def has_part(self) -> bool:
        """Say whether the stream stands in the middle of a line: a server that ends it there did not mean to."""
        return bool(self._buffer or self._dropped)

    def _drop_overlong_line(self) -> None:
        """Keep no more of a line without end than its length."""
        if len(self._buffer) <= RECORD_LIMIT:
            return
        if not self.welcome:
            raise ServiceError("the server does not speak the chat protocol: it answered HELLO with no short line")
        self._dropped += len(self._buffer)
        self._buffer = b""

    def _take_welcome(self, line: bytes) -> None:
        word, _, offset = line.partition(b" ")
        if word != b"OK" or not is_offset(offset) or self.offset not in (None, int(offset)):
            raise ServiceError("the server does not speak the chat protocol: it answered HELLO with neither OK nor ERR")
        self.offset = int(offset)
        self.welcome = True
