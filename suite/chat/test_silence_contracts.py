"""Contracts: clients that say nothing for a long time."""

import pytest

from support.marks import speaks_chat
from support.tcp_table import is_kept_alive

pytestmark = speaks_chat


def test_a_silent_client_is_asked_whether_it_is_there(server):
    """The server's side of a welcomed client's connection has SO_KEEPALIVE set.

    chat/PROTOCOL.md, Processes. RFC 9293 3.8.4: nothing is sent on an idle connection, so one whose client lost its
    power stays for ever, with its two processes and its place. Linux alone shows here whether it is asked for.
    """
    with server.client() as client:
        kept = is_kept_alive(server.port, client.socket.getsockname()[1])
        if kept is None:
            pytest.skip("this system does not show the timers of connections")
        assert kept
