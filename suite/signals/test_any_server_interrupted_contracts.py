"""Contracts of any server: what it waits for beside its clients, and a signal interrupts: a connection, a sleep."""

from contextlib import suppress

import pytest

from support.deadline import wait_until
from support.marks import promises
from support.mishap import Mishap
from support.ports import free_port
from support.ready import NotReady

CLIENTS = 3
BESIDE_SECONDS = 0.5
"""For what it comes to do when its clients have left."""


@promises("interrupted")
def test_a_connection_of_its_own_that_is_interrupted_ends_nobody(start_server, work):
    """When connect(2) of a server is interrupted, as a proxy's or that to a database, it goes on, and serves clients.

    POSIX connect: EINTR, and the connection is made all the same; poll(2) says when. Who asks again gets EALREADY or
    EISCONN, and who gives up has a network that fails now and then. The client that it was for may be lost.
    """
    survives_an_interruption(start_server, Mishap(work), "connect", "make a connection that it waits for")


@promises("interrupted")
def test_a_sleep_that_is_interrupted_ends_nobody(start_server, work):
    """When a sleep of a server is interrupted, at its start or later, it goes on, and serves clients.

    POSIX nanosleep, and so usleep and sleep: EINTR, or what is left, after any handler; signal(7): with SA_RESTART,
    too. A server gets SIGCHLD for each process that ends.
    """
    survives_an_interruption(start_server, Mishap(work), "sleep", "sleep")


def survives_an_interruption(start_server, mishap: Mishap, call: str, what: str) -> None:
    """The first such call, of whichever of its processes, is interrupted."""
    mishap.arm(call, "EINTR")
    server = started(start_server, mishap)
    for _ in range(CLIENTS):
        if not mishap.met():
            server.serves()
    with suppress(TimeoutError):
        wait_until(mishap.met, f"the server to {what}", BESIDE_SECONDS)
    if not mishap.met():
        pytest.skip(f"the server was not seen to {what} by libc")
    for _ in range(CLIENTS):
        server.serve()
    assert server.alive()


def started(start_server, mishap: Mishap):
    """One that could not start because of the interruption is not started again, as one is whose port was taken."""
    subject = start_server.subject
    port = 0 if subject.starting.port or subject.ready.names_addresses else free_port()
    try:
        return start_server(wrapper=mishap.wrapper, port=port)
    except NotReady:
        if mishap.met():
            raise
    return start_server(wrapper=mishap.wrapper)
