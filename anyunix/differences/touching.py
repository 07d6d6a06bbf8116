"""Which contracts a difference could touch, by the system calls that a server makes while they are tried."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from anyunix.catalog.difference import Difference
from anyunix.trace.records import TRACERS, Record
from anyunix.trace.strace import read_strace

FUNCTION = re.compile(r"^(?!static\b)[a-z][\w \t*]*\n(\w+)\(", re.MULTILINE)
"""A function that is not static, in KNF: its type in a line of its own."""
INCLUDED = re.compile(r'^#include "([\w.]+)"', re.MULTILINE)
LISTENING = frozenset({"bind", "listen"})
"""What a server does whose network, or whose files, are others."""
AS_TRACED: Mapping[str, frozenset[str]] = {
    "__read_chk": frozenset({"read"}),
    "__recv_chk": frozenset({"recv", "recvfrom"}),
    "__recvfrom_chk": frozenset({"recvfrom"}),
    "__sysv_signal": frozenset({"sigaction", "rt_sigaction"}),
    "execv": frozenset({"execve"}),
    "execvp": frozenset({"execve"}),
    "fcntl64": frozenset({"fcntl", "fcntl64"}),
    "fork": frozenset({"fork", "vfork", "clone", "clone3"}),
    "getaddrinfo": LISTENING,
    "kill": frozenset({"kill", "tgkill"}),
    "killpg": frozenset({"kill"}),
    "lockf": frozenset({"fcntl", "fcntl64"}),
    "open": frozenset({"open", "openat"}),
    "pipe": frozenset({"pipe", "pipe2"}),
    "poll": frozenset({"poll", "ppoll", "ppoll_time64"}),
    "recv": frozenset({"recv", "recvfrom"}),
    "select": frozenset({"select", "_newselect", "pselect6", "pselect6_time64"}),
    "send": frozenset({"send", "sendto"}),
    "sigaction": frozenset({"sigaction", "rt_sigaction"}),
    "signal": frozenset({"sigaction", "rt_sigaction"}),
    "signalfd": frozenset({"signalfd", "signalfd4"}),
    "sigpending": frozenset({"sigpending", "rt_sigpending"}),
    "sigtimedwait": frozenset({"rt_sigtimedwait", "rt_sigtimedwait_time64"}),
    "sigwait": frozenset({"rt_sigtimedwait", "rt_sigtimedwait_time64"}),
    "sigwaitinfo": frozenset({"rt_sigtimedwait", "rt_sigtimedwait_time64"}),
    "wait": frozenset({"wait4", "waitpid"}),
    "waitpid": frozenset({"wait4", "waitpid"}),
}
"""A function of libc -> the system calls that a tracer sees of it, where they are not called the same."""
SAME = frozenset(
    {"accept", "accept4", "bind", "close", "connect", "dup", "dup2", "fcntl", "flock", "getpgid", "getrlimit"}
    | {"getsid", "getsockopt", "listen", "pipe2", "read", "recvfrom", "recvmsg", "sendmsg", "sendto", "setsockopt"}
    | {"shutdown", "socket", "socketpair", "unlink", "wait4", "waitid", "write", "writev"}
)
"""Functions that a tracer sees under their own names."""


CONSTRUCTOR = "__attribute__((constructor))"
"""In a source that acts before the program's own first function: any call may be one that sees it."""


def functions_in(source: Path) -> frozenset[str]:
    """The functions that a preloaded object puts in front of libc's, from its C source and the headers beside it."""
    waiting, read, found = [source], {source}, set()
    while waiting:
        text = waiting.pop().read_text(encoding="utf-8")
        found |= {*FUNCTION.findall(text)}
        headers = {source.parent / name for name in INCLUDED.findall(text)} - read
        waiting += [header for header in headers if header.is_file()]
        read |= headers
    return frozenset(found)


def calls_of(difference: Difference) -> frozenset[str] | None:
    """The system calls without which a server cannot notice it; None where nobody knows."""
    if any(CONSTRUCTOR in source.read_text(encoding="utf-8") for source in difference.preloaded):
        return None
    found: frozenset[str] = LISTENING if difference.alters else frozenset()
    for function in (each for source in difference.preloaded for each in functions_in(source)):
        if function not in AS_TRACED and function not in SAME:
            return None
        found |= AS_TRACED.get(function, frozenset({function}))
    return found if found and not any(each.limits for each in difference.mechanisms) else None


def touched(difference: Difference, called: Mapping[str, Collection[str]], contracts: Collection[str]) -> list[str]:
    """Those of the contracts that a difference could touch. One that was not traced may have any call of the others;
    without a trace, every call.
    """
    wanted = calls_of(difference)
    near = [each for each in contracts if each.startswith("binding/")] if difference.alters else contracts
    any_call = {call for calls in called.values() for call in calls}
    return [each for each in near if wanted is None or not called or wanted & {*called.get(each, any_call)}]


def called_in(record: Record) -> frozenset[str]:
    """The system calls of all servers of a probe."""
    read = TRACERS.get(record.tool, read_strace)
    return frozenset(event.name for text in record.texts for event in read(text) if event.kind == "call")
