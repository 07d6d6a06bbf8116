"""What a memory checker says of a variable that was used before it was set, in one line."""

import re

VALGRIND = re.compile(r"==\d+== (.*ninitialised.*)")
VALGRIND_PLACE = re.compile(r"==\d+==    (?:at|by) 0x[0-9A-F]+: (\w+) \(([\w.-]+\.[ch]\w*:\d+)\)")
SANITIZER = re.compile(r"MemorySanitizer: use-of-uninitialized-value")
SANITIZER_PLACE = re.compile(r"    #\d+ 0x[0-9a-f]+ in (\w+) (?:\S*/)?([\w.-]+\.[ch]\w*:\d+)")
ARGUMENT = re.compile(r"Uninitialized bytes in (\w+)")
"""Stands before a report about what a libc call was given."""
CREATED = re.compile(r"created by an allocation of '([^'.]+)[^']*' in the stack frame")
FOREIGN = re.compile(r"sigaction\.c|libc_")
"""Files of libc, which debug symbols name."""


def culprit(text: str) -> str:
    """`signals.c:33 in dispose: Syscall param rt_sigaction(act->sa_flags) points to uninitialised byte(s)`.

    Empty when the checker found nothing. The sanitizer takes what a libc call that it does not know has set for
    unset, so what it says of arguments goes before what it says of branches.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if match := VALGRIND.search(line):
            return _at(lines[number:], VALGRIND_PLACE, match[1])
    reports = [number for number, line in enumerate(lines) if SANITIZER.search(line)]
    reports.sort(key=lambda number: not (number and ARGUMENT.search(lines[number - 1])))
    return _sanitized(lines[reports[0]:]) if reports else ""


def _sanitized(lines: list[str]) -> str:
    created = next((match[1] for line in lines if (match := CREATED.search(line))), "")
    return _at(lines, SANITIZER_PLACE, f"use of an uninitialised value{': ' if created else ''}{created}")


def _at(lines: list[str], place: re.Pattern[str], what: str) -> str:
    """With the first place that is in the subject's own sources."""
    places = (match for line in lines[1:] if (match := place.match(line)) and not FOREIGN.search(match[2]))
    found = next(places, None)
    return f"{found[2]} in {found[1]}: {what}" if found else what
