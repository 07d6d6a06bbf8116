"""Contracts: who is refused hears why, and leaves nothing behind (chat/PROTOCOL.md, "Errors" and "Ending")."""

import resource
import secrets
from contextlib import ExitStack

import pytest

from support.chat import Client, Refused
from support.marks import explained_by, speaks_chat
from support.net import reset
from support.preload import preloaded
from support.stays import ended_without_reset, wait_let_go
from support.stopped import parent_stopped
from support.tracer import FORKS, Tracer

pytestmark = speaks_chat

FEW_DESCRIPTORS = 24
MORE_THAN_THAT = 40
MUCH = b"more\n" * 8000
"""Bytes: no server reads that much for a HELLO, and any socket has room for it."""


def test_a_client_that_is_full_up_and_stays_is_let_go(start_server):
    """A client that got ERR full and does not leave keeps nothing open in the server after a second or so.

    chat/PROTOCOL.md, Ending: the server reads and discards for up to 1 s, then closes. Without that limit whoever is
    turned away takes a descriptor from the parent for as long as it likes.
    """
    server = start_server("--max-clients", "1")
    with server.client(), Client(server.connect()) as refused:
        refused.send_raw(f"HELLO {server.key} bob end\n".encode())
        assert refused.refusal() == "full"
        wait_let_go(refused)


def test_a_clock_that_is_set_back_holds_nobody(start_server, work):
    """As above, while the time of day goes back, a minute with each look at it: no time limit is counted by it.

    POSIX clock_gettime: CLOCK_REALTIME can be set, by ntpd, by hand, at the end of a suspension; CLOCK_MONOTONIC
    cannot. A limit that is a time of day comes an hour late then, or at once.
    """
    record = work / "clock"
    front = preloaded(record, "clock_gettime", "", follow=True)
    if isinstance(front, str):
        pytest.skip(f"the time of day cannot be changed for a program here: {front}")
    server = start_server("--max-clients", "1", wrapper=front)
    if not record.exists():
        pytest.skip("nothing can be preloaded into this server: it is linked statically, or has rights of its own")
    with server.client(), Client(server.connect()) as refused:
        refused.send_raw(f"HELLO {server.key} bob end\n".encode())
        assert refused.refusal() == "full"
        wait_let_go(refused)


def test_a_client_with_another_key_that_stays_is_let_go(server):
    """A client that got ERR bad-key and does not leave keeps no process for itself after a second or so.

    chat/PROTOCOL.md, Ending: as above, here in the client's own process.
    """
    with Client(server.connect()) as refused:
        refused.send_raw(f"HELLO {secrets.token_hex(64)} bob end\n".encode())
        assert refused.refusal() == "bad-key"
        server.wait_alone()
        wait_let_go(refused)


@explained_by("accept.after_reset", "limits.nofile_errno")
def test_clients_that_vanish_before_they_are_refused_leave_nothing(start_server):
    """A full server turns away clients that have been reset by then: what cannot be sent to them is closed like others.

    POSIX write: EPIPE or ECONNRESET. A way out that forgets close(2) costs a descriptor each time; here there are few.
    """
    server = start_server("--max-clients", "1", limits={resource.RLIMIT_NOFILE: FEW_DESCRIPTORS})
    with server.client(name="ada") as ada:
        with parent_stopped(server):
            for _ in range(MORE_THAN_THAT):
                reset(server.connect())
        with pytest.raises(Refused, match="full"):
            server.client().close()
        ada.send("still here")
        assert ada.receive() == "still here"


def test_who_was_turned_away_is_not_held_by_another_clients_process(start_server, work):
    """The connection of a client that was turned away ends with its time, although another one was served meanwhile.

    fork(2) copies every descriptor of the parent, those of clients it has turned away too; the last copy ends the
    connection (POSIX close). Here the fork for the first client fails, and that for the second follows at once.
    """
    tracer = Tracer(work / "fork", FORKS, "error=EAGAIN:when=1")
    server = start_server(wrapper=tracer.wrapper)
    with ExitStack() as stack:
        with parent_stopped(server):
            refused, served = (stack.enter_context(Client(server.connect())) for _ in range(2))
        assert refused.refusal() == "busy"
        tracer.demand()
        served.hello(server.key)
        wait_let_go(refused)
        served.send("still here")
        assert served.receive() == "still here"


@pytest.mark.parametrize("reason", ["full", "bad-key"])
def test_a_reset_does_not_overtake_the_reason(start_server, reason):
    """A client that has sent more than the server reads gets the reason, and then the end: no reset.

    RFC 1122 4.2.2.13: close with unread input is a RST, and what the client has not read by then may be lost: on the
    BSDs and macOS it is, on Linux it can still be read, and the error is seen by who goes on to send.
    """
    server = start_server("--max-clients", "1")
    with ExitStack() as stack:
        if reason == "full":
            stack.enter_context(server.client(name="ada"))
        key = server.key if reason == "full" else secrets.token_hex(64)
        with parent_stopped(server):
            client = stack.enter_context(Client(server.connect()))
            client.send_raw(f"HELLO {key} bob end\n".encode() + MUCH)
        assert client.line() == f"ERR {reason}".encode()
        assert ended_without_reset(client)
