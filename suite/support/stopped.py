"""A server that is stopped (SIGSTOP) for a while: what comes meanwhile it finds when it goes on."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from support.deadline import wait_until
from support.processes import state_of
from support.server import Server

STOPPED_OR_GONE = {"T", "t", "Z", None}
"""Of these, t is one that a tracer has stopped."""


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """The server with all its processes stopped, and continued afterwards."""
    forks = [process.pid for process in server.processes()]
    try:
        for pid in forks:
            with suppress(ProcessLookupError):  # the client that was its first has just left
                os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: {state_of(pid) for pid in forks} <= STOPPED_OR_GONE, "the server to be stopped")
        yield
    finally:
        for pid in forks:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextmanager
def parent_stopped(server: Server) -> Iterator[None]:
    """As `stopped`, but its children go on."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: state_of(server.pid) in STOPPED_OR_GONE, "the server's first process to be stopped")
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)
