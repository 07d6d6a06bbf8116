"""strace's lines read: `strace -f -q -o FILE` on Linux, 64 and 32 bits (strace(1))."""

import re

from anyunix.trace.events import Event, call_in, split_call

LINE = re.compile(r"(?:\[pid +)?(?:([0-9]{1,10})\]? +)?(.*)")
UNFINISHED = " <unfinished ...>"
RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
RESULT = re.compile(r"= (\?|-?\w{1,20})(?: (E\w+))?", re.ASCII)
SIGNAL = re.compile(r"--- (SIG\w+) ")
END = re.compile(r"\+\+\+ (.+?)(?: \(core dumped\))? \+\+\+")
SOCKETCALL = re.compile(r"SYS_(\w+)")
RESTARTED = "ERESTART"


def read_strace(text: str) -> list[Event]:
    """The events in the order in which they began. Lines that are none of strace's own forms are left out."""
    events: list[Event | None] = []
    unfinished: dict[int, tuple[int, str]] = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line.rstrip())
        if match is None:
            continue
        pid, rest = int(match[1] or 0), match[2]
        if resumed := RESUMED.match(rest):
            place, begun = unfinished.pop(pid, (-1, ""))
            if place >= 0:
                events[place] = _event(pid, begun + resumed[1])
        elif rest.endswith(UNFINISHED):
            begun = rest.removesuffix(UNFINISHED)
            unfinished[pid] = (len(events), begun)
            events.append(_event(pid, f"{begun}) = ?"))
        else:
            events.append(_event(pid, rest))
    return [event for event in events if event is not None]


def _event(pid: int, text: str) -> Event | None:
    if match := SIGNAL.match(text):
        return Event(pid, "signal", match[1])
    if match := END.match(text):
        return Event(pid, "end", match[1])
    call = call_in(text)
    if call is None:
        return None
    name, arguments, rest = call
    if name == "socketcall" and arguments and (match := SOCKETCALL.match(arguments[0])):
        name, arguments = match[1].lower(), _listed(arguments[1:])
    result = RESULT.match(rest)
    value, error = (result[1], result[2] or "") if result else ("?", "")
    if error.startswith(RESTARTED):  # the kernel's own word for a call that a signal interrupts
        value, error = "-1", "EINTR"
    return Event(pid, "call", name, arguments, "" if value == "?" else value, error)


def _listed(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments in `[3, {…}, 16]`, as older versions write those of socketcall(2)."""
    text = arguments[0] if arguments else ""
    return split_call(f"{text[1:-1]})")[0] if text.startswith("[") else arguments
