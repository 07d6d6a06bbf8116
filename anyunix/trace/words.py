"""What in a text differs from run to run by nobody's doing: keys, ports, process numbers, temporary names, times."""

import re
from collections.abc import Container
from typing import Literal

SECRET = re.compile(r"[0-9a-f]{24,}")
PORT = re.compile(r"(\d|\]):\d{2,5}\b")
OWN_ADDRESS = re.compile(r"\b(?!0\.0\.0\.0|127\.0\.0\.1)\d{1,3}(?:\.\d{1,3}){3}\b|\bf[cde][0-9a-f]{2}:[0-9a-f:]+\b")
"""An interface's; wildcards and loopback are the same everywhere."""
TIME = re.compile(r"(?:\d{4}-\d\d-\d\d[ T]?)?\b\d\d:\d\d:\d\d(?:[.,]\d+)?|\d{4}-\d\d-\d\d|\b1\d{9}\b")
"""Of day, a date, or seconds since 1970."""
TEMPORARY = re.compile(r"(/tmp)/[^/\s\"'\\]+")
NUMBER = re.compile(r"(?<!\w)(?<!\d\.)\d{1,10}\b(?!\.\d)", re.ASCII)
TOLD_TO_BE_A_PROCESS = re.compile(r"(?:\[|\bpid\W{0,2}|^)$", re.IGNORECASE)
"""What stands in front of a process's number that is too short to be sure of it otherwise."""
LONG = 4
"""Digits of a number that is hardly anything else than the process that has it."""
ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
PID_BYTES = 4
"""Of a pid_t."""
RANDOM_END = re.compile(r"(?:tmp[a-z0-9_]{8}|[A-Za-z0-9]{6,})$")
"""mkstemp(3), mkdtemp(3) and Python's tempfile end a name in so many characters of chance."""


def repeatable(text: str, folder: str, processes: Container[int]) -> str:
    """A text as another run would have it. `folder` is the probe's own; `processes` are those of the trace."""
    if _is_a_process(text, processes):
        return "pid"
    plain = TEMPORARY.sub(r"\1/…", text.replace(folder, ".")) if folder else text
    plain = TIME.sub("time", SECRET.sub("…", plain))
    return OWN_ADDRESS.sub("address", PORT.sub(r"\1:port", unnumbered(plain, processes)))


def unnumbered(text: str, processes: Container[int]) -> str:
    """Without the numbers of processes."""

    def named(match: re.Match[str]) -> str:
        sure = len(match[0]) >= LONG or TOLD_TO_BE_A_PROCESS.search(text, 0, match.start())
        return "pid" if sure and int(match[0]) in processes else match[0]

    return NUMBER.sub(named, text)


def _is_a_process(escaped: str, processes: Container[int]) -> bool:
    """Whether data, as a tracer shows it, is a process's number as it lies in memory."""
    try:
        data = escaped.encode("latin-1").decode("unicode_escape").encode("latin-1")
    except UnicodeError:
        return False
    return len(data) == PID_BYTES and any(int.from_bytes(data, order) in processes for order in ORDERS)


def temporary(path: str) -> str:
    """The path of a file or folder that was made anew under a name of chance, without the chance."""
    return RANDOM_END.sub("…", path)
