"""The first line of a client: HELLO <key> <name> <since>."""

from __future__ import annotations

from chatlib.common.key import key_matches
from chatlib.common.text import is_good_name, is_offset


class RefusedError(Exception):
    """The client is answered `ERR <reason>`; the argument is the reason, as chat/PROTOCOL.md spells it."""


class Hello:
    """A client that knows the key."""

    def __init__(self, name: bytes, since: int | None) -> None:
        """*since* is the offset asked for in bytes; None is the log's end."""
        self.name = name
        self.since = since


def parse_hello(line: bytes, key: bytes) -> Hello:
    """Return the client that *line* (without its LF) announces; RefusedError when it is not welcome.

    The key is looked at before the words behind it: who does not know it learns nothing else.
    """
    words = line.split(b" ")
    if len(words) != 4 or words[0] != b"HELLO" or b"" in words:
        raise RefusedError("bad-hello")
    if not key_matches(words[1], key):
        raise RefusedError("bad-key")
    if not is_good_name(words[2]):
        raise RefusedError("bad-name")
    if words[3] == b"end":
        return Hello(words[2], None)
    if not is_offset(words[3]):
        raise RefusedError("bad-since")
    return Hello(words[2], int(words[3]))
