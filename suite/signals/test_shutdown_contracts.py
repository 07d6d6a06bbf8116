"""Contracts: one signal ends every process, within two seconds, whatever they are busy with."""

import os
import signal
from contextlib import ExitStack, suppress

import pytest

from support.chat import Client
from support.chatlog import locked
from support.crowd import crowd, lazy_client, read_to_end, write_history
from support.deadline import wait_until
from support.forks import wait_stopped
from support.marks import explained_by, speaks_chat
from support.net import connect_error
from support.processes import Left, all_processes
from support.server import Server
from support.stopped import parent_stopped
from support.tracer import FORKS, Tracer

END_SECONDS = 2.0
SLOW_FORK_MICROSECONDS = 300_000
QUEUED = 100
"""So many of them take longer than the end may, on a machine under load too."""


def assert_ends(server: Server, number: int = signal.SIGTERM) -> None:
    """Exit status 0 within 2 s, no process left, nobody listens any more.

    Whether the port can be bound at once is for binding/test_any_server_contracts.py to say.
    """
    server.signal(number)
    assert server.wait(END_SECONDS) == 0
    wait_until(lambda: family_alive(server), "the last processes of the group to end", 0.5)
    assert {connect_error(host, server.port) for host in server.hosts()} == {"ECONNREFUSED"}


def family_alive(server: Server) -> Left:
    """The group's processes; not zombies, whom only the system's first process can reap once their parent has gone."""
    return Left(process for process in all_processes() if process.group == server.pid and not process.zombie)


@speaks_chat
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_it_ends_with_all_its_processes(server, name):
    """SIGTERM, SIGINT and SIGHUP to the parent end clients' processes too, free the port, and give exit status 0.

    The three are what init, a terminal and its end send (POSIX signal.h). Default action of each is to die at once,
    with children left behind and a wait status that tells of a signal.
    """
    with server.client() as client:
        client.send("hello")
        assert client.receive() == "hello"
        assert_ends(server, signal.Signals[name])
        assert client.ended()


@speaks_chat
def test_a_crowd_does_not_hold_up_the_end(start_server):
    """20 clients, one that does not read, one before its HELLO, and a held lock that another message waits for.

    A process that sleeps in flock() or has a full socket in front of it must hear the signal too (signal(7):
    both are interrupted unless SA_RESTART or a retry puts them to sleep again).
    """
    write_history(start_server.log, megabytes=10)
    server = start_server("--auth-timeout", "60")
    with crowd(server, 20) as clients, lazy_client(server), Client(server.connect()) as silent:
        clients[0].send("hello")
        assert clients[-1].receive() == "hello"
        with locked(server.log):
            for client in clients[:5]:
                client.send("waits for the lock")
            assert_ends(server)
        assert silent.ended()
        with suppress(ConnectionResetError):
            read_to_end(clients[0])


@speaks_chat
def test_a_full_queue_does_not_hold_up_the_end(start_server, work):
    """A parent that is told to end between one client of its queue and the next leaves the others unserved.

    Standard signals are let through where the process sleeps, and pselect(2) of Linux does not sleep, nor let one
    through, while a descriptor is ready (fs/select.c): in a flood of clients a signal stays pending. Here each fork
    takes long, and the signal comes when the first is done.
    """
    tracer = Tracer(work / "forks", FORKS, f"delay_enter={SLOW_FORK_MICROSECONDS}")
    server = start_server("--auth-timeout", "60", wrapper=tracer.wrapper)
    with ExitStack() as stack:
        with parent_stopped(server):
            for _ in range(QUEUED):
                stack.enter_context(server.connect())
        wait_until(server.receivers, "a process for the first client", 10.0)
        assert_ends(server)


@speaks_chat
def test_stopped_processes_do_not_hold_up_the_end(server):
    """A client's processes that are stopped (SIGSTOP) end as well.

    POSIX 2.4.3: SIGTERM stays pending while a process is stopped, only SIGKILL ends it. So a parent that waits for its
    children without a limit never ends itself.
    """
    with server.client() as client:
        for process in [*server.receivers(), *server.senders()]:
            os.kill(process.pid, signal.SIGSTOP)
            wait_stopped(process.pid)  # of two signals that are pending the one that ends it could come first
        assert_ends(server)
        assert client.ended()


@speaks_chat
@explained_by("signals.exec_keeps_mask", "signals.exec_keeps_ignored")
def test_it_serves_and_ends_whatever_its_starter_blocked(start_server):
    """Signals that are blocked and ignored in whoever starts the server do not keep it from serving and ending.

    POSIX exec: the mask and ignored dispositions are inherited. nohup, cron, a thread of a larger program: all of
    them may start servers with odd masks. FreeBSD resets an ignored SIGCHLD (sys/kern/kern_sig.c), Linux does not.
    """
    server = start_server(before_exec=block_and_ignore)
    with server.client() as client:
        for text in ("one", "two"):
            client.send(text)
            assert client.receive() == text
        client.close()
        server.wait_alone(3.0)
    assert_ends(server)


def block_and_ignore() -> None:
    names = ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGCHLD", "SIGALRM", "SIGPIPE")
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.Signals[name] for name in names])
    for name in ("SIGTERM", "SIGUSR1", "SIGCHLD", "SIGALRM"):
        signal.signal(signal.Signals[name], signal.SIG_IGN)
