"""Ways in which somebody may start a server, other than the usual one: what a process does to itself before exec."""

import os
import signal
import sys
from collections.abc import Callable

import pytest

from support.ready import NotReady

FULL = "/dev/full"
"""full(4): every write to it fails with ENOSPC. Linux, FreeBSD and NetBSD have it."""
MANY = """
import os, sys
try:
    for number in range({count}):
        os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
except OSError as error:
    print(error, file=sys.stderr)
    sys.exit({no_room})
os.execvp(sys.argv[1], sys.argv[1:])
"""
NO_ROOM = 77
"""Exit status of the wrapper where so many cannot be opened: the server was not started."""
SPACE = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({size}, {size}))
os.execvp(sys.argv[1], sys.argv[1:])
"""
STDERR, STDOUT = 2, 1


def with_many_descriptors(count: int) -> tuple[str, ...]:
    """A wrapper that leaves so many open: a descriptor that the server opens gets a higher number (POSIX open)."""
    return (sys.executable, "-I", "-S", "-c", MANY.format(count=count, no_room=NO_ROOM))


def with_address_space(size: int) -> tuple[str, ...]:
    """A wrapper that leaves so many bytes to the server; the process of the probe itself may have more already."""
    return (sys.executable, "-I", "-S", "-c", SPACE.format(size=size))


def need_room(error: NotReady) -> None:
    """Skip where it is that wrapper that has ended."""
    if error.returncode == NO_ROOM:
        pytest.skip(f"so many descriptors cannot be opened here: {error.stderr.strip()}")


def without(*descriptors: int) -> Callable[[], None]:
    """With these closed."""

    def prepare() -> None:
        for fd in descriptors:
            os.close(fd)

    return prepare


class LogReader:
    """The program at the other end of a server's log, which ends before the server does."""

    def __init__(self, *descriptors: int) -> None:
        """The server's `descriptors` are to be the pipe to it."""
        self._descriptors = descriptors
        self._reading, self._writing = os.pipe()

    def begin(self) -> None:
        """In the server's process, before exec."""
        for each in self._descriptors:
            os.dup2(self._writing, each)

    def end(self) -> None:
        os.close(self._writing)
        os.close(self._reading)


def on_a_full_disk(*descriptors: int) -> Callable[[], None]:
    """With these a file that has no room. Skips where there is no such file."""
    if not os.path.exists(FULL):
        pytest.skip(f"no {FULL} here")

    def prepare() -> None:
        full = os.open(FULL, os.O_WRONLY)
        for each in descriptors:
            os.dup2(full, each)
        os.close(full)

    return prepare


def with_signals_blocked() -> None:
    """All of them: POSIX exec hands the mask on."""
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())


def with_children_ignored() -> None:
    """SIGCHLD ignored, which exec hands on on Linux, and resets on FreeBSD and OpenBSD."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
