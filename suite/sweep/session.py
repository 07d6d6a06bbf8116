"""What a server calls while it starts, serves and ends; `anyunix sweep` reads it out of a tracer's record, and out of
one that is written inside of the server, for what a tracer cannot do, and for where none may run.
"""

import os
import signal
from collections.abc import Callable

import pytest

from support.aftermath import settled
from support.injection import CannotInject
from support.preload import find_object
from support.recorder import Recorder
from support.server import Server
from support.tool import Tool, keep, told
from support.visits import Visits

VISITORS = 3
INSIDE = Tool(("inside",))


def test_session(start_server):
    """The server starts, serves clients, and ends; SIGCONT marks where those begin that injections are made for."""
    server = start_server()
    serve(server, lambda: os.kill(server.pid, signal.SIGCONT), lambda: None)


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
    guest = visits.stay()
    serving()
    for _ in range(VISITORS):
        assert visits.come(), "a client is not served while it is looked at"
    settled(server)
    assert not (wrong := visits.asked()), f"with nothing injected, {wrong}"
    ending()
    server.stop()
    guest.close()
    assert not (wrong := visits.untrue()), f"with nothing injected, {wrong}"
