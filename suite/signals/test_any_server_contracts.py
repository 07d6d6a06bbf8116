"""Contracts of any server: signals that end it, and clients that behave badly."""

import signal
import socket
from contextlib import ExitStack, suppress

import pytest

from support.calls import outcome
from support.deadline import wait_until
from support.ending import SECONDS, wait_nobody_listens
from support.marks import explained_by, over, promises, talks
from support.net import CONNECT_SECONDS, reset
from support.peers import QUEUED_SECONDS, knock, wait_connected
from support.processes import still_running
from support.stopped import stopped

IDLE, RUDE, GONE = 10, 20, 2
FEW = 4
"""For whom there is room where a backlog is 5: who finds none waits for ever longer, though it looks connected."""
SERVED_AFTER = 5


@over("tcp", "udp", "unix")
@explained_by("sa_restart.accept", "sa_restart.flock", "signal_call.c99", "listen.shutdown_wakes_accept")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=promises(name.lower())) for name in ("SIGTERM", "SIGINT", "SIGHUP")]
)
def test_it_does_what_it_promises_at(server, name):
    """SIGTERM, SIGINT and SIGHUP end the server with all its processes, or it goes on serving; nothing between.

    The three are what init, a terminal and its end send (POSIX signal.h). A server that ends leaves its port free and
    no process, also while a client is connected; those of connections may be promised to go on (`alone`).
    """
    promised = server.promises[name.lower()]
    with server.guest() as guest:
        forks = {server.pid} if promised == "alone" else {process.pid for process in server.processes()}
        server.signal(signal.Signals[name])
        if promised in ("survives", "either"):
            guest.close()  # it may be the only one that is served
        if promised == "survives":
            assert went_on(server), server.death()
            return
        if promised == "either" and went_on(server):
            return
        wait_until(lambda: still_running(forks), "the server to end with all its processes", SECONDS[promised])
        server.wait()
        wait_nobody_listens(server, promised)


@over("tcp", "unix")
@explained_by("sigpipe.sends_after_reset", "sigpipe.msg_nosignal")
def test_a_client_that_resets_ends_nobody(server):
    """Clients that ask and reset the connection before the answer leave a server that serves.

    write(2) to a connection that was reset: EPIPE, and SIGPIPE, whose default action ends the process (POSIX write).
    """
    for _ in range(RUDE):
        peer = server.enter()
        with suppress(OSError):  # a server that closes by itself may be first
            for _ in range(3):
                peer.sendall(server.subject.talk.send if server.subject.talk else b"\n")
        reset(peer)
    server.serve()
    assert server.alive()


@explained_by("accept.after_reset")
def test_a_client_that_is_gone_before_it_is_accepted_ends_nobody(server):
    """Connections that are reset while the server cannot accept them leave a server that serves.

    accept(2): Linux hands such a connection out, and the next call on it fails; POSIX has ECONNABORTED, which the
    BSDs give. The server is stopped meanwhile, so that none is accepted in time. Two fit into any backlog, once those
    that came before are accepted: the queue is first in, first out.
    """
    server.serve()
    wait_until(lambda: two_came_and_went(server), "the server to listen while it is stopped", QUEUED_SECONDS)
    server.serve()
    assert server.alive()


@promises("at_once")
@explained_by("listen.backlog_cap", "listen.full_backlog")
def test_clients_that_queued_are_all_served(server):
    """Clients that came while the server could not accept are served as soon as it can, each of them.

    listen(2): the kernel queues connections; those for which there is no room try again by themselves (RFC 9293 3.8.1).
    A server that is told once of several (EPOLLET, EV_CLEAR, one SIGIO) has to accept until there are no more.
    """
    guests = len(server.subject.talk.guests) if server.subject.talk else 1
    come = IDLE if server.promises["backlog"] else FEW
    with ExitStack() as stack:
        with stopped(server):
            knocking = [stack.enter_context(knock(server)) for _ in range(come * guests)]
        queue = iter(knocking)
        conversations = []
        for _ in range(come):  # all of them speak before any is waited for: a server may give up those who are silent
            conversations.append(stack.enter_context(server.converse(come=lambda: let_in(server, next(queue)))))
            conversations[-1].speak()
        for conversation in conversations:
            conversation.play()


@over("tcp", "unix")
@promises("at_once")
@explained_by("accept.inherits_nonblock")
def test_idle_clients_hold_up_nobody(server):
    """Clients that say nothing, or half of what they want to say, do not keep the next one from being served.

    accept(2) takes one connection after the other: a server that serves each to its end before the next is held up
    by the first that is slow.
    """
    with ExitStack() as stack:
        for number in range(IDLE):
            if server.subject.talk and number % 2:
                stack.enter_context(server.enter()).sendall(server.subject.talk.send[:1])
            else:
                stack.enter_context(server.connect())
        server.serve()


@over("tcp", "unix")
@talks("exchange")
def test_a_half_closed_client_is_let_go(server):
    """A client that has asked and ended its sending side gets its answer or an end, and its end is noticed.

    shutdown(2): EOF on the server's side is no error, and no reason to read again and again.
    """
    with server.enter() as peer:
        peer.sendall(server.subject.talk.send)
        with suppress(OSError):  # it may be the first to close
            peer.shutdown(socket.SHUT_WR)
        assert outcome(peer.recv, 1) in ("ok", "ECONNRESET")
    server.serve()


def two_came_and_went(server) -> bool:
    """While the server was stopped. One that promises no more than one client at a time may not be listening then."""
    try:
        with stopped(server):
            for _ in range(GONE):
                reset(server.clients.connect(server.hosts()[0], server.port))
    except ConnectionRefusedError:
        if server.promises["at_once"]:
            raise
        return False
    return True


def went_on(server) -> bool:
    """Whether it goes on serving, with the process that it was.

    It may serve some clients yet before it hears the signal, and end then.
    """
    for _ in range(SERVED_AFTER):
        wait_until(lambda: not server.alive() or server.serves(), "a client to be served yet", SECONDS["slow"])
    return server.alive()


def let_in(server, peer: socket.socket) -> socket.socket:
    """One that knocked, once it is connected, and past the handshake where clients speak TLS."""
    wait_connected(peer)
    peer.settimeout(CONNECT_SECONDS)
    return server.clients.secured(peer)
