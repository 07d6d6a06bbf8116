"""What a memory checker says of a variable that was used before it was set, in one line."""

import re

VALGRIND = re.compile(r"==\d+== (.*ninitialised.*)")
VALGRIND_PLACE = re.compile(r"==\d+==    (?:at|by) 0x[0-9A-F]+: (\w+) \(([\w.-]+\.[ch]\w*:\d+)\)")
SANITIZER = re.compile(r"MemorySanitizer: (use-of-uninitialized-value)")
SANITIZER_PLACE = re.compile(r"    #\d+ 0x[0-9a-f]+ in (\w+) (?:\S*/)?([\w.-]+\.[ch]\w*:\d+)")
CREATED = re.compile(r"created by an allocation of '([^']+)' in the stack frame")
FOREIGN = re.compile(r"sigaction\.c|libc_")
"""Files of libc, which debug symbols name."""


def culprit(text: str) -> str:
    """`signals.c:33 in dispose: Syscall param rt_sigaction(act->sa_flags) points to uninitialised byte(s)`.

    Empty when the checker found nothing.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if match := VALGRIND.search(line):
            return _at(lines[number:], VALGRIND_PLACE, match[1])
        if SANITIZER.search(line):
            created = CREATED.search("\n".join(lines[number:]))
            name = f": {created[1].partition('.')[0]}" if created else ""
            return _at(lines[number:], SANITIZER_PLACE, f"use of an uninitialised value{name}")
    return ""


def _at(lines: list[str], place: re.Pattern[str], what: str) -> str:
    """With the first place that is in the subject's own sources."""
    places = (match for line in lines[1:] if (match := place.match(line)) and not FOREIGN.search(match[2]))
    found = next(places, None)
    return f"{found[2]} in {found[1]}: {what}" if found else what
