"""Contracts of any server: what guests say to it, and through it to one another, arrives; each time, and once."""

import socket
from contextlib import ExitStack, suppress

import pytest

from support.deadline import wait_until
from support.marks import explained_by, follows_from, over, promises, talks
from support.net import reset
from support.stopped import stopped
from support.tracer import ACCEPTS, Tracer

MANY, ROW = 1000, 100
OTHERS, PAIRS, CROWD, ROUNDS = 6, 9, 6, 3
SERVED_SECONDS = 10.0
HERE = "chat/test_any_server_contracts.py::test_"
SECOND = f"{HERE}a_connection_serves_more_than_one_exchange[2]"


@over("tcp", "unix")
@talks("again")
@pytest.mark.parametrize(
    "number",
    [
        2,
        pytest.param(3, marks=follows_from(SECOND)),
        pytest.param(MANY, marks=[promises("lasting"), follows_from(SECOND)]),
    ],
)
def test_a_connection_serves_more_than_one_exchange(server, number):
    """The second, the third and the 1,000th exchange of one connection are as good as the first.

    RFC 9293 3.4: a connection is a stream, and goes on until a side closes it. What one exchange leaves behind (a
    state, a byte that was not read, a signal that came before it was waited for) is met by the next.
    """
    with server.conversation() as conversation:
        conversation.again(number - 1)


@over("tcp", "unix")
@promises("pipelined")
@talks("again")
@follows_from(SECOND)
def test_a_hundred_exchanges_in_a_row_are_all_answered(server):
    """A hundred exchanges that are asked for on one connection, before any answer is read, are all answered.

    RFC 9293 3.8: TCP keeps no boundaries of what was written; read(2) may give several requests at once, or a piece
    of one. A server that takes what it has read for one request answers the first alone.
    """
    with server.conversation() as conversation:
        conversation.ask_again(ROW)
        conversation.hear_again(ROW)


@over("tcp", "unix")
@promises("exactly_once")
@talks("again")
@follows_from(SECOND)
def test_what_is_said_is_answered_as_often_as_it_is_said(server):
    """What is said once is answered once, what is said twice in the same words, twice; nothing is lost or doubled.

    Standard signals do not queue (POSIX sigaction): a server that counts messages by them, or sends from where another
    process has read to, tells a message never, or again.
    """
    with server.conversation() as conversation:
        conversation.write_down()
        numbers = [2, 2, 3, 3, 4, 4, 5]
        for number in numbers:
            conversation.exchange(number)
        counts = conversation.counts(numbers)
    wrong = [f"{came} times {what}, not {times}" for what, (times, came) in counts.items() if came != times]
    assert not wrong, f"there came {', '.join(wrong)}"


@over("tcp", "unix")
@promises("at_once")
@talks("again")
@follows_from(SECOND)
def test_a_guest_stays_served_while_others_come_and_go(server):
    """A connection goes on to be served while others come, are served, and leave by close, EOF or RST.

    A server of one process has one state for each client, one of many processes one for all (process groups, files
    that were opened before fork(2)): what one client leaves must change nothing for another.
    """
    with server.conversation() as staying:
        for number in range(OTHERS):
            with server.conversation() as other:
                staying.again()
                leave(other, ("close", "end", "reset")[number % 3])
            staying.again()


@over("tcp", "unix")
@talks("pair")
def test_every_pair_of_guests_that_comes_is_served(server):
    """A conversation of guests is as good for the tenth pair of them as for the first, however those before left.

    Between two guests a server holds what neither of their connections is: a log, a lock, a list of members. It has to
    let go of the members that are gone (EPIPE and ECONNRESET, POSIX write).
    """
    for number in range(PAIRS):
        with server.conversation() as pair:
            leave(pair, ("close", "end", "reset")[number % 3])
    server.serve()


@over("tcp", "unix")
@promises("at_once")
@talks("again")
@follows_from(SECOND)
def test_guests_who_speak_in_the_same_instant_are_all_heard(server):
    """What several guests say at the same time is answered to each of them, whole.

    The server is stopped while they speak, so that all of it is there at once when it goes on. flock(2): processes
    that share one open file description, as after fork(2), do not lock each other out.
    """
    with ExitStack() as stack:
        conversations = [stack.enter_context(server.conversation()) for _ in range(CROWD)]
        for _ in range(ROUNDS):
            with stopped(server):
                for conversation in conversations:
                    conversation.ask_again(1)
            for conversation in conversations:
                conversation.hear_again(1)


@over("tcp", "unix")
@explained_by("accept.after_reset")
@pytest.mark.parametrize("error", ["ECONNABORTED", "EINTR", pytest.param("EMFILE", marks=promises("descriptors"))])
def test_an_accept_that_fails_ends_nobody(start_server, work, error):
    """A server whose accept fails once serves the client that waits, those that are there, and the next one.

    accept(2): ECONNABORTED where a client is gone before it is accepted, EINTR for a signal, EMFILE where there is no
    descriptor left. None of them says anything about the listener.
    """
    tracer = Tracer(work / "accept", ACCEPTS, f"error={error}:when=1")
    server = start_server(wrapper=tracer.wrapper)
    with server.guest():
        if server.promises["at_once"]:
            server.serve()
    wait_until(server.serves, "a client to be served", SERVED_SECONDS)
    tracer.demand()


def leave(conversation, how: str) -> None:
    """All guests of a conversation leave in one of three ways."""
    for peer in conversation.peers if how == "reset" else []:
        reset(peer)
    for peer in conversation.peers if how == "end" else []:
        with suppress(OSError):  # the server may have been the first
            peer.shutdown(socket.SHUT_WR)
    conversation.close()
