"""A server whose parent stands still for a while: what comes meanwhile waits in the kernel's queue."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from support.deadline import wait_until
from support.processes import state_of
from support.server import Server

STOPPED = ("T", "t")
"""The latter where it is traced."""


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """While the parent is stopped (SIGSTOP); it goes on afterwards."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: state_of(server.pid) in STOPPED, "the parent to be stopped")
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)
