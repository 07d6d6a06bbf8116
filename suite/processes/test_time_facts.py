"""Facts: clocks, and times past 2038."""

import os
import time
from pathlib import Path

from support.calls import outcome

PAST_2038 = 2**31 + 1000


def test_clock_resolution(fact):
    """How fine are the clocks?

    POSIX clock_getres: 20 ms at worst; today's systems say 1 ns, some a tick. Time limits below it are rounded.
    """
    for name in ("monotonic", "time"):
        fact(f"clock.{name}_resolution_seconds", time.get_clock_info(name).resolution)


def test_file_times_past_2038(fact):
    """Can a file have a time past 19 January 2038, and is it kept to the nanosecond?

    POSIX stat has time_t and nanoseconds; a 32-bit time_t ends there, and file systems have limits of their own: ext4
    with 128-byte inodes, UFS1, old XFS. Measured in the probes' work folder.
    """
    file = Path("old")
    file.touch()
    fact("files.time_past_2038", time_kept(file, PAST_2038))
    os.utime(file, ns=(1, 123456789))
    fact("files.time_unit_ns", unit_of(file.stat().st_mtime_ns))


def test_calendar_past_2038(fact):
    """Can the C library's calendar go past 2038?

    POSIX leaves time_t's width open. Not with one of 32 bits: on i386 that of Debian, 13 included, whose move to 64
    bits left i386 out, and that of FreeBSD (arch(7)); everywhere on 32 bits that of musl before 1.2.
    """
    try:
        fact("time.calendar_past_2038", time.gmtime(PAST_2038).tm_year == 2038)
    except (OverflowError, OSError):
        fact("time.calendar_past_2038", False)


def time_kept(file: Path, seconds: int) -> str:
    """`ok`, `changed`, an errno, or that time_t cannot hold it."""
    try:
        answer = outcome(os.utime, file, (seconds, seconds))
    except OverflowError:
        return "past time_t"
    return "changed" if answer == "ok" and file.stat().st_mtime != seconds else answer


def unit_of(kept: int) -> int:
    """The largest power of ten that divides what was kept of 123456789 ns: 1 for all of it, 10**9 for seconds."""
    unit = 1
    while unit < 10**9 and kept % (unit * 10) == 0:
        unit *= 10
    return unit
