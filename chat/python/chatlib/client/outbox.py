"""The user's messages: waiting, sent, and seen in the stream."""

from __future__ import annotations

from collections import deque

from chatlib.common.text import LF

_ROOM = 65536
_PIECE = 16384


class Outbox:
    """Knows of each message whether the server can have it.

    A line whose LF was not handed to the kernel cannot have been stored ("bytes behind the last LF are not a
    message"): it is sent again in full. One whose LF was handed over is never sent again, it might be stored twice.
    """

    def __init__(self) -> None:
        """Start with no messages."""
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._head_sent = 0
        self._unseen: deque[bytes] = deque()

    def add(self, text: bytes) -> None:
        """Add a message that waits to be sent."""
        self._waiting.append(text)
        self._waiting_bytes += len(text) + 1

    def has_room(self) -> bool:
        """Say whether it makes sense to read more input: less than 64 KiB wait."""
        return self._waiting_bytes < _ROOM

    def has_waiting(self) -> bool:
        """Say whether there is something to send."""
        return bool(self._waiting)

    def next_bytes(self) -> bytes:
        """Return the bytes to send next, some 16 KiB at most."""
        lines = []
        size = 0
        for text in self._waiting:
            lines.append(text + LF)
            size += len(text) + 1
            if size >= _PIECE:
                break
        return b"".join(lines)[self._head_sent :]

    def sent(self, count: int) -> None:
        """Note that *count* of those bytes were handed to the kernel."""
        self._head_sent += count
        while self._waiting and self._head_sent > len(self._waiting[0]):
            text = self._waiting.popleft()
            self._head_sent -= len(text) + 1
            self._waiting_bytes -= len(text) + 1
            self._unseen.append(text)

    def connection_lost(self) -> None:
        """Start the line that was under way again from its beginning."""
        self._head_sent = 0

    def seen(self, text: bytes) -> None:
        """Note that a record of this user with *text* came."""
        # Nearly always the oldest one. Another one is when a lost connection took the oldest with it.
        if text in self._unseen:
            self._unseen.remove(text)

    def unseen(self) -> list[bytes]:
        """Return the messages that were sent but not seen, oldest first."""
        return list(self._unseen)

    def unsent(self) -> list[bytes]:
        """Return the messages that still wait, oldest first."""
        return list(self._waiting)

    def all_seen(self) -> bool:
        """Say whether every message was sent and seen."""
        return not self._waiting and not self._unseen
