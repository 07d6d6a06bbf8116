"""What a server calls while it starts, serves and ends; `anyunix sweep` reads it out of a tracer's record."""

import os
import signal
from contextlib import suppress

from support.aftermath import living, settled
from support.deadline import wait_until
from support.proc import PROC
from support.server import Server
from support.visits import Visits, one_that_stays

VISITORS = 3
TAKEN_SECONDS = 5.0
"""For a signal, where it is not blocked."""


def test_session(start_server, tool):
    """The server starts, serves clients, and ends; SIGCONT marks where those begin that injections are made for."""
    server = start_server()
    visits = Visits(server)
    assert visits.come(), "a client is not served while a tracer looks on"
    guest = one_that_stays(server, visits)
    mark(server)
    for _ in range(VISITORS):
        assert visits.come(), "a client is not served while a tracer looks on"
    mark(server)
    server.stop()
    guest.close()


def mark(server: Server) -> None:
    """SIGCONT to all that are there, once they sleep. It does to a call that waits what a tracer does that begins to
    look: it is interrupted, and most are then made anew, and counted.
    """
    settled(server)
    pids = living(server)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    with suppress(TimeoutError):  # it may be blocked
        wait_until(lambda: not any(is_pending(signal.SIGCONT, pid) for pid in pids), "SIGCONT", TAKEN_SECONDS)
    settled(server)


def is_pending(number: int, pid: int) -> bool:
    """Whether a signal that was sent to a process has not come to it yet. proc_pid_status(5)."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith(("SigPnd:", "ShdPnd:")) and int(line.split()[1], 16) >> (number - 1) & 1:
                return True
    return False
