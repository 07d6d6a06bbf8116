"""Facts: whether appended records of many processes stay whole without any lock."""

import os
from collections import Counter
from contextlib import ExitStack
from string import ascii_lowercase

import pytest

from support.calls import Call

WRITERS = 8
RECORDS = {100: 200, 4096: 50, 65536: 8}
"""Record size in bytes -> how many each writer appends."""


@pytest.mark.parametrize("size", RECORDS)
def test_append_by_many_processes(fact, work, size):
    """Do records written with O_APPEND by many processes at once stay whole, each one there and in one piece?

    POSIX write: the offset is set to the end before each write with no intervening modification; that the data of
    one write stay together is what local file systems add. On NFS the client seeks by itself, and records are lost
    (open(2)). Sizes: a chat line, PIPE_BUF of Linux, more than a page.
    """
    gate, opening = os.pipe()
    with ExitStack() as stack:
        writers = [
            stack.enter_context(Call(append, letter, size, RECORDS[size], gate)) for letter in ascii_lowercase[:WRITERS]
        ]
        os.write(opening, b"!" * WRITERS)
        written_at_once = all(writer.result() for writer in writers)
    os.close(gate)
    os.close(opening)
    log = (work / "log").read_bytes()
    found = Counter(log[start : start + size] for start in range(0, len(log), size))
    expected = {record(letter, size): RECORDS[size] for letter in ascii_lowercase[:WRITERS]}
    fact(f"append.whole_records_{size}", written_at_once and found == expected)


def append(letter: str, size: int, count: int, gate: int) -> bool:
    """Append records once the gate is open; whether each went in with one write."""
    fd = os.open("log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    data = record(letter, size)
    os.read(gate, 1)
    return all([os.write(fd, data) == size for _ in range(count)])


def record(letter: str, size: int) -> bytes:
    return letter.encode() * (size - 1) + b"\n"
