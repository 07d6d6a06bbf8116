"""What a server calls while it starts, serves and ends; `anyunix sweep` reads it out of a tracer's record, and out of
one that is written inside of the server, for what a tracer cannot do, and for where none may run.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import pytest

from support.aftermath import living, settled
from support.deadline import wait_until
from support.injection import CannotInject
from support.preload import find_object
from support.proc import PROC
from support.recorder import Recorder
from support.server import Server
from support.tool import Tool, keep, told
from support.visits import Visits, one_that_stays

VISITORS = 3
INSIDE = Tool(("inside",))
TAKEN_SECONDS = 5.0
"""For a signal, where it is not blocked."""


def test_session(start_server):
    """The server starts, serves clients, and ends; SIGCONT marks where those begin that injections are made for."""
    server = start_server()
    serve(server, lambda: mark(server), lambda: mark(server))


def test_session_seen_from_inside(start_server, work, request):
    """The same without a tracer."""
    made = find_object(work, "inject")
    if isinstance(made, str):
        pytest.skip(f"not tried: {made}")
    recorder = Recorder(made, work)
    server = start_server(wrapper=recorder.wrapper)
    try:
        recorder.check(server.pid)
    except CannotInject as reason:
        pytest.skip(f"not tried: {reason}")
    serve(server, recorder.serving, recorder.ending)
    texts = [recorder.text(server.subject.stop)]
    record = told(INSIDE.name, INSIDE, chat=server.subject.protocol == "chat", folder=work, texts=texts)
    keep(request.config.rootpath.parent / "records.json", record)


def serve(server: Server, serving: Callable[[], object], ending: Callable[[], object]) -> None:
    """Clients come, and it ends; `serving` and `ending` are called where another phase begins."""
    visits = Visits(server)
    assert visits.come(), "a client is not served while it is looked at"
    guest = one_that_stays(server, visits)
    settled(server)
    serving()
    for _ in range(VISITORS):
        assert visits.come(), "a client is not served while it is looked at"
    settled(server)
    assert not (wrong := visits.asked()), f"with nothing injected, {wrong}"
    ending()
    server.stop()
    guest.close()
    assert not (wrong := visits.untrue()), f"with nothing injected, {wrong}"


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
