"""DER (X.690, 8 to 10), as far as certificates need it. What a server sends is untrusted: every length is checked."""

from collections.abc import Iterator
from dataclasses import dataclass

SEQUENCE, OCTET_STRING, OBJECT_IDENTIFIER, BOOLEAN = 0x30, 0x04, 0x06, 0x01


class DerError(ValueError):
    """It is not what it should be."""


@dataclass(frozen=True)
class Element:
    """One value, whose content may be elements again."""

    tag: int
    """The identifier octet: class, constructed or not, and number."""
    content: bytes

    def inside(self, tag: int = SEQUENCE) -> list["Element"]:
        """What a constructed value of that tag holds. Raises DerError."""
        if self.tag != tag:
            raise DerError(f"expected an element of tag {tag:#04x}, found {self.tag:#04x}")
        return list(elements(self.content))


def elements(data: bytes) -> Iterator[Element]:
    """The elements that stand one after the other. Raises DerError."""
    at = 0
    while at < len(data):
        length, start = _length(data, at + 1)
        if data[at] & 0x1F == 0x1F:
            raise DerError("an element with a tag of several octets")
        if start + length > len(data):
            raise DerError("an element is longer than what it is in")
        yield Element(data[at], data[start : start + length])
        at = start + length


def _length(data: bytes, at: int) -> tuple[int, int]:
    """The length that stands there, and where the content begins."""
    if at >= len(data):
        raise DerError("an element ends before its length")
    if data[at] < 0x80:
        return data[at], at + 1
    octets = data[at] & 0x7F
    if not 1 <= octets <= 4 or at + 1 + octets > len(data):
        raise DerError("an element with an impossible length")
    return int.from_bytes(data[at + 1 : at + 1 + octets], "big"), at + 1 + octets
