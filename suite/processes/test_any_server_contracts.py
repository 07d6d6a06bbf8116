"""Contracts of any server: what clients leave behind in its processes."""

import resource
import signal
import socket
from contextlib import ExitStack, suppress

import pytest

from support.deadline import wait_until
from support.marks import explained_by, over, promises
from support.net import reset
from support.peers import connected_of, knock
from support.processes import Left, Process, open_descriptors, still_running, zombies_of
from support.ready import NotReady

SETTLE_SECONDS = 10.0
CLIENTS, FEW_CLIENTS = 30, 9
FEW_DESCRIPTORS = 64
QUEUED_SECONDS = 0.5


@over("tcp", "unix")
@promises("children")
@explained_by(
    *("signals.coalesce", "signals.exec_keeps_ignored_sigchld", "sigchld.ignored_leaves_zombie"),
    *("signal_call.default", "accept.after_reset"),
)
def test_clients_leave_no_process_and_no_zombie(server):
    """When the last client has left, by close, EOF or RST, the server has no more processes than it had, no zombies.

    wait(2): a child that nobody waits for stays a zombie. Signals do not queue: one SIGCHLD may stand for several.
    """
    server.serve()  # what a server starts for its first client it may keep
    before = len(living(server.processes()))
    for number in range(CLIENTS if server.promises["at_once"] else FEW_CLIENTS):
        leave(server, ("close", "eof", "reset")[number % 3])
    wait_until(lambda: zombies_of(server.processes()), "the server to reap its children", SETTLE_SECONDS)
    wait_until(lambda: beyond(before, living(server.processes())), f"no more than {before} processes", SETTLE_SECONDS)
    server.serve()


@over("tcp", "unix")
@promises("descriptors")
@explained_by("accept.after_reset", "limits.nofile_errno")
def test_clients_leave_no_descriptor(server):
    """When the last client has left, the server has no more descriptors open than after its first one.

    One left open a connection (accept(2)) fills the table, on a busy day within minutes.
    """
    for _ in range(3):
        server.serve()
    if opened(server.processes()) is None:
        pytest.skip("this system does not show how many descriptors another process has open")
    wait_until(lambda: zombies_of(server.processes()), "the server to reap its children", SETTLE_SECONDS)
    before = opened(server.processes())
    clients = CLIENTS if server.promises["at_once"] else FEW_CLIENTS
    for number in range(clients):
        leave(server, ("close", "eof", "reset")[number % 3])
    # a cache or a thread may open one or two for good; one a client is a leak
    wait_until(
        lambda: opened(server.processes()) < before + clients // 3,
        f"{before} descriptors, as before the clients",
        SETTLE_SECONDS,
    )


@over("tcp", "unix")
@promises("descriptors")
@explained_by("limits.nofile_errno")
def test_more_clients_than_descriptors_are_survived(start_server):
    """Eighty clients of a server that may open 64 descriptors: when they have left, the next one is served.

    setrlimit(2), RLIMIT_NOFILE: accept fails with EMFILE. Who of the eighty is served is the server's business.
    """
    try:
        server = start_server(limits={resource.RLIMIT_NOFILE: FEW_DESCRIPTORS})
    except NotReady as error:
        pytest.skip(f"the server does not start with {FEW_DESCRIPTORS} descriptors: {str(error).splitlines()[0]}")
    with ExitStack() as stack:
        peers = [stack.enter_context(knock(server)) for _ in range(FEW_DESCRIPTORS + 16)]
        connected_of(peers, QUEUED_SECONDS)  # not those for whom its backlog has no room
        for peer in peers:
            with suppress(OSError):  # it may have been turned away already
                peer.send(server.subject.talk.send if server.subject.talk else b"")
    wait_until(lambda: not server.alive() or server.serves(), "a client to be served again", SETTLE_SECONDS)
    assert server.alive()


@over("tcp", "udp", "unix")
@promises("orphans")
@explained_by("orphans.adopted_by", "orphans.reaped_at_once")
def test_its_processes_end_when_the_first_one_is_killed(server):
    """A first process that dies without a word takes the others along, and nobody listens on the port any more.

    POSIX sigaction: SIGKILL cannot be caught, so no handler runs. Workers that live on keep the port, and the next
    start fails.
    """
    with server.guest():
        forks = {process.pid for process in server.processes()}
        server.signal(signal.SIGKILL)
        server.wait()
    wait_until(lambda: still_running(forks), "the other processes to end after the first one", SETTLE_SECONDS)


def leave(server, how: str) -> None:
    """Be a client that was served, or is in the middle of it, and leaves in one of three ways."""
    if how == "close":
        server.serve()
        return
    peer = server.enter()
    with peer, suppress(OSError):  # the server may be the first to close
        peer.sendall(server.subject.talk.send if server.subject.talk else b"")
        if how == "reset":
            reset(peer)
        else:
            peer.shutdown(socket.SHUT_WR)


def living(processes: list[Process]) -> list[Process]:
    return [process for process in processes if not process.zombie]


def beyond(count: int, processes: list[Process]) -> Left:
    """All of them, when there are more than that many."""
    return Left(processes if len(processes) > count else ())


def opened(processes: list[Process]) -> int | None:
    """How many descriptors they have open together; None where that is not shown."""
    tables = [open_descriptors(process.pid) for process in living(processes)]
    known = [len(table) for table in tables if table is not None]
    return sum(known) if known else None
