"""What a server calls while it starts, serves and ends; `anyunix sweep` reads it out of a tracer's record."""

import os
import signal

from support.aftermath import settled
from support.visits import Visits

VISITORS = 3


def test_session(start_server, tool):
    """The server starts, serves clients, and ends; SIGCONT marks where those begin that injections are made for."""
    server = start_server()
    visits = Visits(server)
    assert visits.come(), "a client is not served while a tracer looks on"
    guest = visits.stay()
    os.kill(server.pid, signal.SIGCONT)
    for _ in range(VISITORS):
        assert visits.come(), "a client is not served while a tracer looks on"
    settled(server)
    assert not (wrong := visits.asked()), f"with nothing injected, {wrong}"
    server.stop()
    guest.close()
    assert not (wrong := visits.untrue()), f"with nothing injected, {wrong}"
