"""truss's lines read: `truss -f -o FILE` on FreeBSD (truss(1), and its print_syscall_ret and main.c for the forms)."""

import re

from anyunix.trace.events import Event, call_in

LINE = re.compile(r" *([0-9]{1,10}): +(.*)")
RESULT = re.compile(r"= (-?[0-9]{1,20})")
FAILED = re.compile(r"ERR#([0-9]{1,10})")
SIGNAL = re.compile(r"SIGNAL (\d+) \((SIG\w+)\)")
EXITED = re.compile(r"process exit, rval = (\d+)")
KILLED = re.compile(r"process killed, signal = ([0-9]{1,10})")
ERRORS = {
    1: "EPERM",
    2: "ENOENT",
    4: "EINTR",
    9: "EBADF",
    10: "ECHILD",
    11: "EDEADLK",
    12: "ENOMEM",
    13: "EACCES",
    17: "EEXIST",
    22: "EINVAL",
    23: "ENFILE",
    24: "EMFILE",
    27: "EFBIG",
    28: "ENOSPC",
    32: "EPIPE",
    35: "EAGAIN",
    36: "EINPROGRESS",
    42: "ENOPROTOOPT",
    43: "EPROTONOSUPPORT",
    47: "EAFNOSUPPORT",
    48: "EADDRINUSE",
    49: "EADDRNOTAVAIL",
    53: "ECONNABORTED",
    54: "ECONNRESET",
    57: "ENOTCONN",
    61: "ECONNREFUSED",
}
"""FreeBSD's numbers (errno(2), intro(2) there) of the errors that a server meets."""
SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    6: "SIGABRT",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    14: "SIGALRM",
    15: "SIGTERM",
    20: "SIGCHLD",
    25: "SIGXFSZ",
    30: "SIGUSR1",
    31: "SIGUSR2",
}
"""FreeBSD's numbers (signal(3) there)."""


KILL = "9"
ENDED = f"killed by {SIGNALS[9]}"
VIS = re.compile(r"\\\\|\\(?:M?\^.|M-.|[abs])")
"""What vis(3), with VIS_CSTYLE, writes otherwise than strace: `\\^X`, `\\M-a`, `\\M^A`, `\\a`, `\\b`, `\\s`."""
C_STYLE = {"a": 7, "b": 8, "s": 32}


def read_truss(text: str) -> list[Event]:
    """The events in their order; truss writes a call when it returns. Lines of other forms are left out."""
    found: list[Event] = []
    killed: set[int] = set()
    for line in text.splitlines():
        match = LINE.fullmatch(line.rstrip())
        event = _event(int(match[1]), match[2]) if match else None
        if event is None or event.pid in killed:
            continue
        if event.name == ENDED:
            killed.add(event.pid)
        found.append(event)
    return found


def _event(pid: int, text: str) -> Event | None:
    if match := SIGNAL.match(text):
        # SIGKILL is told when it comes, and may be told again as the end
        return Event(pid, "end", ENDED) if match[1] == KILL else Event(pid, "signal", match[2])
    if match := EXITED.match(text):
        return Event(pid, "end", f"exited with {match[1]}")
    if match := KILLED.match(text):
        number = int(match[1])
        return Event(pid, "end", f"killed by {SIGNALS.get(number, f'signal {number}')}")
    call = call_in(text)
    if call is None:
        return None
    name, arguments, rest = call
    arguments = tuple(_as_strace(each) if each.startswith('"') else each for each in arguments)
    if match := FAILED.match(rest):
        number = int(match[1])
        return Event(pid, "call", name, arguments, "-1", ERRORS.get(number, f"ERR#{number}"))
    result = RESULT.match(rest)
    return Event(pid, "call", name, arguments, result[1] if result else "")


def _as_strace(text: str) -> str:
    """Data with what cannot be printed in octal: `\\30` for `\\^X`."""

    def octal(match: re.Match[str]) -> str:
        found = match[0][1:]
        if found == "\\":
            return match[0]
        code = C_STYLE[found] if found in C_STYLE else ord(found[-1]) ^ (0x40 if "^" in found[:-1] else 0)
        code |= 0x80 if found[0] == "M" else 0
        followed = text[match.end() : match.end() + 1].isdigit()
        return " " if code == ord(" ") else f"\\{code:03o}" if followed else f"\\{code:o}"

    return VIS.sub(octal, text)
