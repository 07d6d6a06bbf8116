"""Contracts: clients' processes end with their clients, one by one, and are reaped."""

import os
import signal
import socket
from contextlib import ExitStack

import pytest

from support.chat import Client
from support.child import readable
from support.crowd import crowd, lazy_client, read_bytes, write_history
from support.deadline import wait_until
from support.family import wait_asleep, wait_stopped
from support.marks import explained_by, speaks_chat
from support.net import reset
from support.processes import state_of

AT_ONCE = 3.0
"""Seconds: well below the 5 s that a client which does not read gets at the end of its connection."""
MORE_THAN_SOCKETS_HOLD = 16
"""Megabytes: what is on its way at a client's EOF would reach it even from a server that stops sending there."""
GIVEN_UP = 9.0
"""Seconds: those 5, and more for a machine under load."""


@speaks_chat
@explained_by("signals.coalesce", "sigchld.ignored_leaves_zombie")
def test_no_zombie_is_left_after_200_clients(server):
    """200 clients come and go, 40 at a time, which all leave in the same moment: every process is reaped.

    Signals do not queue (POSIX 2.4.1), so one SIGCHLD may stand for many children: wait until there are no more.
    """
    for _ in range(5):
        with crowd(server, 40):
            pass
    server.wait_alone(5.0)


@speaks_chat
@explained_by("signals.coalesce")
def test_children_that_end_together_are_all_reaped(server):
    """The parent stands still while four clients' processes end, goes on, and reaps all of them.

    POSIX 2.4.1: one SIGCHLD is pending for the four, whatever the load: a parent that waits for one child a signal
    leaves three zombies.
    """
    with crowd(server, 4):
        receivers = [process.pid for process in server.receivers()]
        os.kill(server.pid, signal.SIGSTOP)
        wait_until(lambda: state_of(server.pid) == "T", "the parent to stop")
    try:
        wait_until(lambda: all(state_of(pid) == "Z" for pid in receivers), "the clients' processes to end")
    finally:
        os.kill(server.pid, signal.SIGCONT)
    server.wait_alone(AT_ONCE)


@speaks_chat
@pytest.mark.parametrize("which", ["receivers", "senders"])
def test_a_killed_process_takes_only_its_own_connection_along(server, which):
    """SIGKILL to one process of a client ends this client's other process and its connection, and nothing else.

    POSIX sigaction: SIGKILL cannot be caught. Nothing runs in a killed process, so the other one has to be told by the
    kernel: the end of a pipe, SIGCHLD.
    """
    with server.client(name="ada") as ada:
        victim = getattr(server, which)()[0]
        with server.client(name="bob") as bob:
            os.kill(victim.pid, signal.SIGKILL)
            assert ada.ended()
            ada.close()
            bob.send("still here")
            assert bob.receive() == "still here"
        server.wait_alone()


@speaks_chat
def test_clients_that_came_together_have_nothing_of_each_other(start_server):
    """The parent stands still while four clients come, goes on, and each one's connection ends with its process.

    fork(2) copies every descriptor that the parent has by then, and close(2) ends a connection with the last of them.
    Before HELLO a client has one process, and nobody else who could shut it down.
    """
    server = start_server("--auth-timeout", "60")
    with ExitStack() as stack:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            wait_stopped(server.pid)
            clients = [stack.enter_context(Client(server.connect())) for _ in range(4)]
        finally:
            os.kill(server.pid, signal.SIGCONT)
        wait_until(lambda: len(server.receivers()) == 4, "a process for each client")
        for process in server.receivers():
            wait_asleep(process.pid)
        for process in server.receivers()[::-1]:  # the last one forked is the one whom the others could hold open
            os.kill(process.pid, signal.SIGKILL)
            ended = wait_until(
                lambda: [each for each in clients if readable(each.socket.fileno(), 0)],
                f"a connection to end with process {process.pid}",
            )
            assert len(ended) == 1
            assert ended[0].ended()
            clients.remove(ended[0])
    server.wait_alone()


@speaks_chat
@pytest.mark.parametrize("stage", ["before HELLO", "after HELLO", "while it is sent megabytes"])
@explained_by("accept.after_reset")
def test_a_reset_leaves_no_process(start_server, stage):
    """A client that vanishes with a RST is gone from the process table at once, at each stage of its connection.

    RFC 9293 3.10.7.4: the next read gives ECONNRESET, the next write too or EPIPE with SIGPIPE. The time limits of
    the protocol must not be needed for that.
    """
    history = write_history(start_server.log, megabytes=8)
    server = start_server("--auth-timeout", "60")
    with server.client(name="bob", since=len(history)) as bob:
        if stage == "before HELLO":
            leaving = Client(server.connect())
        else:
            leaving = lazy_client(server, since=len(history) if stage == "after HELLO" else 0)
        reset(leaving.socket)
        bob.send("still here")
        assert bob.receive() == "still here"
        bob.close()
        server.wait_alone(AT_ONCE)


@speaks_chat
def test_a_half_close_gets_everything_and_leaves_no_process(start_server):
    """A client that shuts its sending side gets megabytes of history, its own last messages, and then EOF.

    RFC 9293 3.6: the other direction stays open after a FIN. A server that takes EOF for the end loses the rest.
    """
    history = write_history(start_server.log, megabytes=MORE_THAN_SOCKETS_HOLD)
    server = start_server()
    with server.client(name="ada") as ada:
        ada.send("one", "two")
        ada.socket.shutdown(1)
        expected = history + b"<ada> one\n<ada> two\n"
        assert read_bytes(ada, len(expected) + 1) == expected
    server.wait_alone(AT_ONCE)


@speaks_chat
@explained_by("accept.inherits_nonblock", "accept.inherits_nonblock_in_python")
def test_a_client_that_takes_nothing_is_given_up(start_server):
    """A client that has shut its sending side and does not read is given up after 5 s, with megabytes still to come.

    chat/PROTOCOL.md, Processes. accept(2) hands O_NONBLOCK on on the BSDs and macOS, not on Linux: a server that
    does not set it by hand sleeps in write(2) there, and looks at no clock.
    """
    write_history(start_server.log, megabytes=10)
    server = start_server()
    with lazy_client(server) as lazy:
        lazy.socket.shutdown(socket.SHUT_WR)
        server.wait_alone(GIVEN_UP)


@speaks_chat
def test_a_broken_pipe_kills_nobody(server):
    """SIGPIPE to every process of the server changes nothing.

    POSIX write: EPIPE comes with SIGPIPE, which kills by default. MSG_NOSIGNAL and SO_NOSIGPIPE are not everywhere
    (older macOS, Solaris), so the signal itself is ignored.
    """
    with server.client() as client:
        for _ in range(2):
            os.killpg(server.pid, signal.SIGPIPE)
            client.send("still here")
            assert client.receive() == "still here"
        assert server.alive()


@speaks_chat
@explained_by("signals.exec_keeps_ignored_sigchld", "sigchld.ignored_leaves_zombie")
def test_children_are_noticed_when_the_starter_ignored_sigchld(start_server):
    """SIGCHLD ignored by whoever started the server: a killed sender still ends its client's connection.

    POSIX exec: ignored signals stay ignored (Linux), though it may be reset for SIGCHLD (FreeBSD). While it is
    ignored children vanish without a signal and wait gives ECHILD (POSIX _exit).
    """
    server = start_server(before_exec=ignore_sigchld)
    with server.client(name="ada") as ada:
        os.kill(server.senders()[0].pid, signal.SIGKILL)
        assert ada.ended()
    server.wait_alone()
    assert server.stop() == 0


def ignore_sigchld() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
