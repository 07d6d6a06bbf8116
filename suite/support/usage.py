"""What processes use, added up: CPU time, memory, how often they wake. By proc(5) on Linux, by ps(1) elsewhere."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from support.deadline import load, wait_until
from support.proc import PROC

WORST = 10.0
"""Of loads that count."""
WINDOW_SECONDS, WINDOWS = 0.5, 3
"""A program may have something to do after its start, or after a client: of so many windows one has to be quiet."""
TIME = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+(?:\.\d+)?)")
"""POSIX ps, `time`: [[dd-]hh:]mm:ss; the BSDs and macOS add hundredths."""


def cpu_seconds(pids: Iterable[int]) -> float | None:
    """User and system time, with that of children that were waited for; None where it is not shown.

    Of a process that has ended it is its parent's, once it was waited for.
    """
    if (PROC / "self/stat").exists():
        ticks = sum(sum(map(int, fields[11:15])) for fields in map(_stat, pids) if fields)
        return ticks / os.sysconf("SC_CLK_TCK")
    found = [match for text in _ps("time", pids) if (match := TIME.fullmatch(text))]
    return sum(_seconds(match) for match in found) if found else None


def resident_bytes(pids: Iterable[int]) -> int | None:
    """Resident memory, that which is shared as often as it is; None where it is not shown."""
    if (PROC / "self/stat").exists():
        return sum(int(fields[21]) for fields in map(_stat, pids) if fields) * os.sysconf("SC_PAGE_SIZE")
    found = [int(text) * 1024 for text in _ps("rss", pids) if text.isdigit()]
    return sum(found) if found else None


def wakeups(pids: Iterable[int]) -> int | None:
    """How often they, with all their threads, have slept and were woken; None where it is not shown.

    proc(5), voluntary_ctxt_switches; FreeBSD and NetBSD ps: nvcsw.
    """
    if (PROC / "self/task").exists():
        return sum(_switches(pid) for pid in pids)
    found = [int(text) for text in _ps("nvcsw", pids) if text.isdigit()]
    return sum(found) if found else None


def within_a_window(
    measure: Callable[[Iterable[int]], float | None],
    pids: Callable[[], Iterable[int]],
    at_most: float,
    seconds: float = WINDOW_SECONDS,
) -> float:
    """How much of something processes use within a window of time: of the first one with `at_most` so much a second,
    or else of the last. Skips where that is not shown.
    """
    for _ in range(WINDOWS):
        before, begun = measure(pids()), time.monotonic()
        if before is None:
            pytest.skip("this system does not show how much of that another process uses")
        _pass(begun + seconds)
        used = max(0.0, (measure(pids()) or 0.0) - before) / (time.monotonic() - begun)
        if used <= at_most:
            break
    return used


def busy_share() -> float:
    """The share of a CPU over which a process does not wait but works; one that spins gets less where others work."""
    return 0.25 / min(max(load(), 1.0), WORST) + 0.03


def _pass(end: float) -> None:
    """Wait until this point in time; what is measured is a share, so that a busy machine needs no more of it."""
    wait_until(lambda: time.monotonic() >= end, "the end of the window", 10.0)


def _stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat from the third on, which is the state; none of a process that is gone."""
    try:
        return (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def _switches(pid: int) -> int:
    count = 0
    with suppress(OSError):  # a thread, or the whole of it, has ended
        for thread in (PROC / str(pid) / "task").iterdir():
            found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (thread / "status").read_text(), re.MULTILINE)
            count += int(found[1]) if found else 0
    return count


def _ps(what: str, pids: Iterable[int]) -> list[str]:
    numbers = ",".join(map(str, pids))
    try:
        done = subprocess.run(["ps", "-o", f"{what}=", "-p", numbers], capture_output=True, text=True, timeout=10)
    except OSError:
        return []
    return done.stdout.split()


def _seconds(match: "re.Match[str]") -> float:
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
