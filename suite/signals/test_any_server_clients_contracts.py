"""Contracts of any server: clients that speak oddly, too much, too slowly, or not to the end."""

import socket
import time
from contextlib import ExitStack, suppress

import pytest

from support.aftermath import Footprint
from support.child import readable
from support.deadline import patience, wait_until
from support.marks import explained_by, promises
from support.net import reset
from support.peers import ended, lazy, say_nonsense
from support.processes import zombies_of
from support.talk import hear_from, talk_to
from support.tcp_table import wait_read
from support.voice import TALK_SECONDS

PIECES, PIECE_SECONDS, PIECES_SECONDS = 24, 0.1, 0.4
"""Into how many a request is cut at most; how long the server may take to read one; after so long the rest goes at
once, however busy the machine is: a server may give its clients no more than a second to say what they want.
"""
FLOOD, TURNED_AWAY, BESIDE = 200, 20, 3
SETTLE_SECONDS = 10.0
GARBAGE = {
    "zeros": bytes(100_000),
    "high-bytes": bytes(range(128, 256)) * 800,
    "one-long-line": b"x" * 100_000,
    "empty-lines": b"\r\n" * 50_000,
}


@promises("pieces", "at_once")
def test_a_request_in_pieces_is_answered(server):
    """A request that arrives a few bytes at a time is answered as one that arrives at once.

    RFC 9293 3.7.4: TCP has no messages. read(2) may return less than was asked for, and does so wherever a network has
    small packets; on loopback a request mostly comes in one piece.
    """
    talk = need_request(server)
    length = max(1, -(-len(talk.send) // PIECES))
    with server.enter() as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        rest, end = talk.send, time.monotonic() + PIECES_SECONDS
        with suppress(ConnectionError):  # what it answered early may be enough
            while rest and not was_left(peer):
                piece = length if time.monotonic() < end else len(rest)
                peer.sendall(rest[:piece])
                rest = rest[piece:]
                wait_read(server.port, peer.getsockname()[1], PIECE_SECONDS / patience())
        hear_from(peer, talk)


@promises("pieces", "at_once")
def test_a_second_request_right_behind_does_not_spoil_the_first(server):
    """Of two requests that arrive at once the first is answered as if it were alone.

    RFC 9293 3.7.4: TCP has no messages, so read(2) may return more than one request; RFC 9112 9.3.2 has clients do that
    on purpose.
    """
    talk = need_request(server)
    with server.enter() as peer:
        with suppress(OSError):  # it may have answered and closed already
            peer.sendall(talk.send * 2)
        hear_from(peer, talk)


@promises("at_once")
@explained_by("sigpipe.default")
def test_a_client_that_does_not_read_holds_up_nobody(server):
    """A client that asks and asks and reads no answer does not keep the next one from being served.

    POSIX send: it blocks while the buffer is full, and for good when the peer does not read. A process that serves
    others, too, has to ask poll(2) first.
    """
    need_request(server)
    with ExitStack() as stack:
        for _ in range(BESIDE):
            stack.enter_context(lazy(server))
        server.serve()
    server.serve()


@promises("urgent")
def test_urgent_data_ends_nobody(server):
    """A byte of urgent data from a client costs nobody anything.

    RFC 6093: MSG_OOB sends it. It raises SIGURG, POLLPRI and select(2)'s exceptions where someone asks for those, and
    is no part of the stream.
    """
    with server.connect() as peer:
        with suppress(OSError):  # it may be the first to close
            peer.send(b"!", socket.MSG_OOB)
        with suppress(OSError, AssertionError):  # this one may be turned away
            talk_to(peer, server.subject.talk, 1.0)
    server.serve()
    assert server.alive()


@pytest.mark.parametrize("what", GARBAGE)
def test_a_client_that_speaks_nonsense_ends_nobody(server, what):
    """A hundred kilobytes that make no sense in any protocol leave a server that serves.

    RFC 9293 2.2: TCP carries a stream of any bytes, and scanners, health checks and clients of other protocols find
    every open port. What is said in no protocol is no line, has no end, or is no text in any encoding.
    """
    with server.connect() as peer:
        say_nonsense(peer, GARBAGE[what])
    server.serve()
    assert server.alive()


@promises("descriptors", "children")
def test_clients_that_are_turned_away_leave_nothing(server):
    """Clients that are turned away, because of what they say, leave no process and no descriptor behind.

    close(2) is called on the way of success mostly. What is left open by each that was refused fills the table.
    """
    for _ in range(BESIDE):
        server.serve()
    wait_until(lambda: zombies_of(server.processes()), "the server to reap its children", SETTLE_SECONDS)
    before = Footprint.of(server)
    for number in range(TURNED_AWAY):
        with server.connect() as peer:
            say_nonsense(peer, list(GARBAGE.values())[number % len(GARBAGE)][:2000])
    room = TURNED_AWAY // 3
    wait_until(lambda: Footprint.of(server).no_more_than(before, room), f"no more than {before}", SETTLE_SECONDS)


@promises("at_once")
@explained_by("accept.after_reset")
def test_a_flood_of_dead_connections_is_got_over(server):
    """Two hundred connections that are reset as soon as they are there do not keep the next client waiting.

    Each takes a place in the queue of listen(2). A server that does for each what it does for a client, and waits for
    what it says, serves nobody for minutes.
    """
    for _ in range(FLOOD):
        reset(server.connect())
    server.serve()
    assert server.alive()


@promises("end_of_file")
def test_an_end_reaches_its_client_while_others_are_served(server):
    """A client that ends its side gets the end of the connection, though others came after it and are still there.

    POSIX shutdown, close: the connection ends with its last descriptor. A process that was forked for another client,
    or a program that was started, without FD_CLOEXEC, holds a copy of it.
    """
    with ExitStack() as stack:
        first = stack.enter_context(server.guest())
        if server.promises["at_once"]:
            for _ in range(BESIDE):
                stack.enter_context(server.guest())
        with suppress(OSError):  # it may be the first to close
            first.shutdown(socket.SHUT_WR)
        assert ended(first), f"no end of the connection within {TALK_SECONDS:g} s"


def was_left(peer: socket.socket) -> bool:
    """Whether the server has ended the connection, and said nothing; never under TLS, which takes no looks ahead."""
    if hasattr(peer, "getpeercert"):
        return False
    return readable(peer.fileno(), 0) and not peer.recv(1, socket.MSG_PEEK)


def need_request(server):
    """The exchange of the subject file; skips where the client has nothing to say first."""
    talk = server.subject.talk
    if talk is None or not talk.send:
        pytest.skip("the subject file names nothing that a client says first (talk.send)")
    return talk
