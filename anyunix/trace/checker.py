"""What a memory checker says of a variable that was used before it was set, in one line."""

import re
from itertools import takewhile

VALGRIND = re.compile(r"==\d+== (\S.*ninitialised.*)")
VALGRIND_PLACE = re.compile(r"==\d+==    (?:at|by) 0x[0-9A-F]+: (\w+) \(([\w.-]+\.[ch]\w*:\d+)\)")
SANITIZER = re.compile(r"MemorySanitizer: use-of-uninitialized-value")
SANITIZER_PLACE = re.compile(r"    #\d+ 0x[0-9a-f]+ in (\w+) (?:\S*/)?([\w.-]+\.[ch]\w*:\d+)")
ARGUMENT = re.compile(r"Uninitialized bytes in (\w+)")
"""Stands before a report about what a libc call was given."""
CREATED = re.compile(r"created by an allocation of '([^'.]+)[^']*' in the stack frame")
PLACED = re.compile(r"(\S+:\d+) in \w+: ")
FOREIGN = re.compile(r"sigaction\.c|libc_")
"""Files of libc, which debug symbols name."""

REPORT = 100
"""Lines of one report that are read at most."""


def culprit(text: str) -> str:
    """`wakeup.c:33 in dispose: Syscall param rt_sigaction(act->sa_flags) points to uninitialised byte(s)`.

    Empty when the checker found nothing. The sanitizer takes what a libc call that it does not know has set for
    unset, so what it says of arguments goes before what it says of branches.
    """
    lines = text.splitlines()
    reports = [*_by_valgrind(lines), *_by_sanitizer(lines, arguments=True), *_by_sanitizer(lines, arguments=False)]
    return reports[0] if reports else ""


def findings(text: str) -> tuple[str, ...]:
    """Each place in the subject's own sources where something is used before it is set, once.

    What the sanitizer says of anything but a libc call's arguments is left out: it may be wrong.
    """
    lines = text.splitlines()
    found: dict[str, str] = {}
    for report in (*_by_valgrind(lines), *_by_sanitizer(lines, arguments=True)):
        if match := PLACED.match(report):
            found.setdefault(match[1], report)
    return tuple(found.values())


def _by_valgrind(lines: list[str]) -> list[str]:
    return [
        _at(lines[number : number + REPORT], VALGRIND_PLACE, match[1])
        for number, line in enumerate(lines)
        if (match := VALGRIND.search(line))
    ]


def _by_sanitizer(lines: list[str], *, arguments: bool) -> list[str]:
    return [
        _sanitized(lines[number : number + REPORT])
        for number, line in enumerate(lines)
        if SANITIZER.search(line) and arguments == bool(number and ARGUMENT.search(lines[number - 1]))
    ]


def _sanitized(lines: list[str]) -> str:
    own = takewhile(lambda line: not SANITIZER.search(line), lines[1:])
    created = next((match[1] for line in own if (match := CREATED.search(line))), "")
    return _at(lines, SANITIZER_PLACE, f"use of an uninitialised value{': ' if created else ''}{created}")


def _at(lines: list[str], place: re.Pattern[str], what: str) -> str:
    """With the first place that is in the subject's own sources."""
    own = takewhile(lambda line: not VALGRIND.search(line) and not SANITIZER.search(line), lines[1:])
    places = (match for line in own if (match := place.match(line)) and not FOREIGN.search(match[2]))
    found = next(places, None)
    return f"{found[2]} in {found[1]}: {what}" if found else what
