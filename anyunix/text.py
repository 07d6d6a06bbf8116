"""Text from platforms and subjects made safe to print, and the types of text in files that people write."""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""ECMA-48 control sequences: colours, cursor movement."""


DIED = "the server (pid "
"""How suite/conftest.py begins what it adds to the failure of a probe in which a server ended."""

HOLDS_NO = "holdsNo"
"""Marks a text for which a number may stand, in a type's extra_json_schema: what it may not hold."""
Text = Annotated[str, msgspec.Meta(extra_json_schema={HOLDS_NO: "control characters"})]
"""What is printed."""
Word = Annotated[str, msgspec.Meta(extra_json_schema={HOLDS_NO: "a NUL character"})]
"""An argument, a variable, the name or the content of a file: none of them can hold NUL."""
WORD_LIMIT, ERROR_LIMIT = 60, 600
"""Characters of a word that is compared with known ones, and of an error's reason."""
UNFIT = {"control characters": UNSAFE, "a NUL character": re.compile("\0")}


def safe(text: str) -> str:
    """No control characters (terminal escapes, reversed text, what XML forbids) but tab and newline."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", ESCAPES.sub("", text))


def first_line(text: str) -> str:
    return safe(text.strip().partition("\n")[0])


def said_by(failure: str) -> list[str]:
    """What a failure's message says: pytest's first lines that start with E, and what became of a server that died.

    Without such lines its first one. Safe to print.
    """
    lines = [line[1:].strip() for line in safe(failure).splitlines() if line.startswith("E ")]
    died = [line for line in lines[4:] if line.startswith(DIED)]
    return [line for line in [*lines[:4], *died] if line] or [first_line(failure)]


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'debian'?)`, or nothing when no known word is near."""
    match = difflib.get_close_matches(word[:WORD_LIMIT], list(known), n=1, cutoff=0.5)
    return f" (did you mean {match[0]!r}?)" if match else ""


def shortened(text: str) -> str:
    """Safe to print, and no longer than a few lines, whatever a file holds."""
    return safe(text) if len(text) <= ERROR_LIMIT else f"{safe(text[:ERROR_LIMIT])}\N{HORIZONTAL ELLIPSIS}"
