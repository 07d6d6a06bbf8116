"""Bytes from the server as text that cannot harm a terminal."""

from __future__ import annotations

# C0, DEL, C1, and what surrogateescape makes of bytes that are no UTF-8.
_SHOWN_AS_QUESTION_MARK = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *range(0xDC80, 0xDD00)), "?")


def harmless(data: bytes) -> str:
    """Return *data* as text, with ? for each control character and each byte that is not UTF-8."""
    return harmless_text(data.decode("utf-8", "surrogateescape"))


def harmless_text(text: str) -> str:
    """Return *text* with ? for each control character and each byte that was not UTF-8 (PEP 383)."""
    return text.translate(_SHOWN_AS_QUESTION_MARK)
