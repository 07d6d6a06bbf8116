"""truss's lines read: `truss -f -o FILE` on FreeBSD (truss(1), and its print_syscall_ret and main.c for the forms)."""

import re

from anyunix.trace.events import Event, call_in

LINE = re.compile(r" *(\d+): +(.*)")
RESULT = re.compile(r"= (-?\d+)")
FAILED = re.compile(r"ERR#(\d+)")
SIGNAL = re.compile(r"SIGNAL \d+ \((SIG\w+)\)")
EXITED = re.compile(r"process exit, rval = (\d+)")
KILLED = re.compile(r"process killed, signal = (\d+)")
ERRORS = {
    1: "EPERM", 2: "ENOENT", 4: "EINTR", 9: "EBADF", 10: "ECHILD", 11: "EDEADLK", 12: "ENOMEM", 13: "EACCES",
    17: "EEXIST", 22: "EINVAL", 23: "ENFILE", 24: "EMFILE", 27: "EFBIG", 28: "ENOSPC", 32: "EPIPE", 35: "EAGAIN",
    36: "EINPROGRESS", 42: "ENOPROTOOPT", 43: "EPROTONOSUPPORT", 47: "EAFNOSUPPORT", 48: "EADDRINUSE",
    49: "EADDRNOTAVAIL", 53: "ECONNABORTED", 54: "ECONNRESET", 57: "ENOTCONN", 61: "ECONNREFUSED"}
"""FreeBSD's numbers (errno(2), intro(2) there) of the errors that a server meets."""
SIGNALS = {1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE",
           14: "SIGALRM", 15: "SIGTERM", 20: "SIGCHLD", 25: "SIGXFSZ", 30: "SIGUSR1", 31: "SIGUSR2"}
"""FreeBSD's numbers (signal(3) there)."""


def read_truss(text: str) -> list[Event]:
    """The events in their order; truss writes a call when it returns. Lines of other forms are left out."""
    found = []
    for line in text.splitlines():
        match = LINE.fullmatch(line.rstrip())
        event = _event(int(match[1]), match[2]) if match else None
        if event is not None:
            found.append(event)
    return found


def _event(pid: int, text: str) -> Event | None:
    if match := SIGNAL.match(text):
        return Event(pid, "signal", match[1])
    if match := EXITED.match(text):
        return Event(pid, "end", f"exited with {match[1]}")
    if match := KILLED.match(text):
        number = int(match[1])
        return Event(pid, "end", f"killed by {SIGNALS.get(number, f'signal {number}')}")
    call = call_in(text)
    if call is None:
        return None
    name, arguments, rest = call
    if match := FAILED.match(rest):
        number = int(match[1])
        return Event(pid, "call", name, arguments, "-1", ERRORS.get(number, f"ERR#{number}"))
    result = RESULT.match(rest)
    return Event(pid, "call", name, arguments, result[1] if result else "")
