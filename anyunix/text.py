"""Text from platforms and subjects made safe to print."""

import re

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""ECMA-48 control sequences: colours, cursor movement."""


DIED = "the server (pid "
"""How suite/conftest.py begins what it adds to the failure of a probe in which a server ended."""


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
