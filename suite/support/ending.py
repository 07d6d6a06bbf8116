"""The end that a server promises at the signal that its subject file names for it."""

import signal
from contextlib import suppress

import pytest

from support.deadline import wait_until
from support.processes import still_running
from support.ready import ending
from support.server import Server

SECONDS = {"quick": 2.0, "alone": 2.0, "slow": 15.0, "either": 15.0}
"""For each promise of an end, how long it may take."""
CRASHES = {-getattr(signal, name) for name in ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP")}
"""As exit statuses of subprocess."""


def promised_end(server: Server) -> str:
    """What is promised of the signal that ends it; empty where no end is."""
    promised = server.promises.get(server.subject.stop.lower(), "quick")
    return str(promised) if promised in SECONDS else ""


def need_stop(server: Server) -> None:
    """Skip where no end is promised."""
    if not promised_end(server):
        pytest.skip(f"{server.subject.name} promises no end at {server.subject.stop}")


def tell_to_stop(server: Server) -> None:
    """Whether it is still there or not."""
    with suppress(ProcessLookupError):
        server.signal(signal.Signals[server.subject.stop])


def its_own(server: Server) -> set[int]:
    """The numbers of the processes that end with it."""
    return {server.pid} if promised_end(server) == "alone" else {process.pid for process in server.processes()}


def wait_ended(server: Server, forks: set[int] | None = None) -> None:
    """Wait until it has ended, with these processes or those that it has now, and nobody listens on its port.

    Raises TimeoutError, AssertionError.
    """
    forks = its_own(server) if forks is None else forks
    wait_until(lambda: still_running(forks), "the server to end with all its processes", SECONDS[promised_end(server)])
    status = server.wait()
    assert status not in CRASHES, f"it {ending(status)}"
    wait_nobody_listens(server, promised_end(server))


def wait_nobody_listens(server: Server, promised: str) -> None:
    """Wait until its port is free. Raises TimeoutError.

    A process that was forked for a client has the listener, too, until it comes to close it: where such processes go
    on (`alone`), one that has not run yet holds the port for a moment.
    """

    def free() -> bool:
        return {server.error(host) for host in server.hosts()} <= {"ECONNREFUSED", "ENOENT"}

    wait_until(free, "its port to be free", SECONDS[promised])


def stop(server: Server) -> None:
    """Tell it to stop, and wait. Raises as `wait_ended`."""
    forks = its_own(server)
    tell_to_stop(server)
    wait_ended(server, forks)
