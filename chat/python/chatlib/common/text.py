"""Lines, names and texts: what chat/PROTOCOL.md allows in them, and what may be printed. All sizes are bytes."""

from __future__ import annotations

LF = b"\n"
CAN = b"\x18"
LINE_LIMIT = 4096
NAME_LIMIT = 32
RECORD_LIMIT = len("<> ") + NAME_LIMIT + LINE_LIMIT
"""The longest record, its LF not counted."""
OFFSET_DIGITS = 18

_NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_CONTROL_BYTES = bytes(range(0x20)) + b"\x7f"
# C0, DEL, C1, and what surrogateescape makes of bytes that are no UTF-8.
_SHOWN_AS_QUESTION_MARK = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *range(0xDC80, 0xDD00)), "?")


def is_good_name(word: bytes) -> bool:
    """Say whether *word* is 1 to 32 of A-Z, a-z, 0-9, `_`, `.` and `-`."""
    return 0 < len(word) <= NAME_LIMIT and not word.translate(None, _NAME_BYTES)


def is_offset(word: bytes) -> bool:
    """Say whether *word* is a decimal number of at most 18 digits."""
    return len(word) <= OFFSET_DIGITS and word.isdigit()


def is_clean(line: bytes) -> bool:
    """Say whether *line* is UTF-8 (RFC 3629) without control characters (C0, DEL, C1)."""
    if len(line.translate(None, _CONTROL_BYTES)) != len(line):
        return False
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not _has_c1(line)


def _has_c1(line: bytes) -> bool:
    # U+0080 to U+009F are 0xC2 0x80 to 0xC2 0x9F, and in valid UTF-8 0xC2 is never a continuation byte.
    lead = line.find(b"\xc2")
    while lead != -1:
        if line[lead + 1] < 0xA0:
            return True
        lead = line.find(b"\xc2", lead + 2)
    return False


def sanitise(data: bytes) -> str:
    """Return *data* as text, with ? for each control character and each byte that is not UTF-8."""
    return sanitise_text(data.decode("utf-8", "surrogateescape"))


def sanitise_text(text: str) -> str:
    """Return *text* with ? for each control character and each byte that was not UTF-8 (PEP 383)."""
    return text.translate(_SHOWN_AS_QUESTION_MARK)
