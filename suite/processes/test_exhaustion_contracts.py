"""Contracts: no more processes, no more descriptors, and errors from accept; none of them ends the server."""

import resource
from contextlib import ExitStack

import pytest

from support.chat import Client, Refused
from support.child import in_child, readable
from support.guests import answered
from support.limits import limited, need_limits_of_others
from support.marks import explained_by, speaks_chat
from support.net import reset
from support.processes import open_descriptors
from support.tracer import ACCEPTS, FORKS, Tracer
from support.users import can_fork, start_as_stranger

pytestmark = speaks_chat

TURNED_AWAY = ("busy", "closed")
FEW_DESCRIPTORS = 24
LEAKY_CONNECTIONS, AT_ONCE = 1024, 8
QUIET_SECONDS = 0.05


@pytest.mark.parametrize("error", ["ECONNABORTED", "EPROTO", "EMFILE", "ENFILE", "EINTR", "ENETDOWN"])
def test_accept_error_is_survived(start_server, work, error):
    """A server whose accept fails once serves the client that waits, instead of ending.

    accept(2): ECONNABORTED and EPROTO when a client is gone before it is accepted (BSD; SVR4), network errors of
    the new connection on Linux alone, EMFILE and ENFILE when descriptors run out. Any of them ended the paper's.
    """
    tracer = Tracer(work / "accept", ACCEPTS, f"error={error}:when=1")
    server = start_server(wrapper=tracer.wrapper)
    _assert_serves(server)
    tracer.demand()


def test_fork_error_is_survived(start_server, work):
    """When the parent cannot fork, that client gets ERR busy or is closed, and the next one is served.

    fork(2): EAGAIN at a limit on processes, ENOMEM. A parent that exits on it ends all clients; one that does not
    close the socket leaves that client waiting for ever.
    """
    tracer = Tracer(work / "fork", FORKS, "error=EAGAIN:when=1")
    server = start_server(wrapper=tracer.wrapper)
    assert _answer(server) in TURNED_AWAY
    tracer.demand()
    _assert_serves(server)


@explained_by("limits.nproc_binds")
@pytest.mark.parametrize("room", [3, 4], ids=["none_for_recv", "none_for_send"])
def test_process_limit_is_survived(start_server, work, room):
    """At RLIMIT_NPROC a client is turned away, the others chat on, and when one has left the next one is served.

    setrlimit(2), by user: with room for 3 the parent's fork fails beside one client, with room for 4 that of the
    second Child RECV. Here for a user of its own, because uid 0 is not bound (capabilities(7)).
    """
    server = start_as_stranger(start_server, work, limits={resource.RLIMIT_NPROC: room})
    with server.client() as first:
        assert _answer(server) in TURNED_AWAY
        first.send("still here")
        assert first.receive() == "still here"
    server.wait_alone()
    _assert_serves(server)


@explained_by("limits.nproc_binds")
def test_process_limit_that_comes_later_is_survived(start_server):
    """A running server that may not fork any more turns clients away, and serves again when it may.

    prlimit(2) on Linux, sysctl(3) kern.proc.rlimit on FreeBSD: they lower and raise another process's soft limit.
    """
    need_limits_of_others()
    if in_child(_can_fork_over_the_limit):
        pytest.skip("RLIMIT_NPROC does not bind this user")
    server = start_server()
    with limited(server.pid, resource.RLIMIT_NPROC, 1):
        assert _answer(server) in TURNED_AWAY
    _assert_serves(server)


@explained_by("limits.nofile_errno")
def test_full_descriptor_table_is_survived(start_server):
    """A parent that has no descriptor for the next client keeps the others going, and serves again when it has.

    accept(2): EMFILE, and the connection stays in the queue, so a server that only tries again at once burns a CPU,
    and one that exits drops all. prlimit(2), or FreeBSD's sysctl, lets it run out at will.
    """
    need_limits_of_others()
    server = start_server()
    with server.client() as first, ExitStack() as stack:
        with limited(server.pid, resource.RLIMIT_NOFILE, _lowest_free_descriptor(server.pid)):
            second = stack.enter_context(Client(server.connect()))  # by the kernel, whose queue has room
            second.send_raw(f"HELLO {server.key} second end\n".encode())
            readable(second.socket.fileno(), QUIET_SECONDS)  # time for accept to fail; it may answer ERR busy, too
            first.send("still here")
            assert first.receive() == "still here"
        second.line()  # OK late, or ERR busy; either way an answer
    _assert_serves(server)


@explained_by("limits.nofile_errno")
def test_more_clients_than_descriptors_are_survived(start_server):
    """Forty clients of a server that may open 24 descriptors: when they have left, the next one is served.

    setrlimit(2), RLIMIT_NOFILE: accept, pipe and open fail with EMFILE, in the parent or in a child. Who of the
    forty is served is the server's business.
    """
    server = start_server(limits={resource.RLIMIT_NOFILE: FEW_DESCRIPTORS})
    with ExitStack() as stack:
        peers = [stack.enter_context(server.connect()) for _ in range(40)]
        for number, peer in enumerate(peers):
            peer.sendall(f"HELLO {server.key} c{number} end\n".encode())
        assert answered(peers, QUIET_SECONDS) > 0
    _assert_serves(server)


@explained_by("accept.after_reset", "limits.nofile_errno")
def test_no_descriptor_leaks(start_server):
    """A server that may open 24 descriptors serves on after a thousand connections, however they ended.

    One descriptor left open per connection (accept(2), pipe(2)) or per ten of them fills such a table; counting them
    in /proc or with fstat(1) works on some systems only.
    """
    server = start_server(limits={resource.RLIMIT_NOFILE: FEW_DESCRIPTORS})
    ways = (_leave_at_once, _reset_at_once, _say_nonsense, _chat)
    for _ in range(LEAKY_CONNECTIONS // AT_ONCE // len(ways)):
        for leave in ways:
            with ExitStack() as stack:
                clients = [stack.enter_context(Client(server.connect())) for _ in range(AT_ONCE)]
                leave(server, clients)
        server.wait_alone()
    _assert_serves(server)


def _leave_at_once(_, clients: list[Client]) -> None:
    for client in clients:
        client.close()


def _reset_at_once(_, clients: list[Client]) -> None:
    for client in clients:
        reset(client.socket)


def _say_nonsense(_, clients: list[Client]) -> None:
    for client in clients:
        client.send_raw(b"nonsense\n")
    for client in clients:
        assert client.refusal() == "bad-hello"


def _chat(server, clients: list[Client]) -> None:
    for client in clients:
        client.send_raw(f"HELLO {server.key} leaky end\n".encode())
    for client in clients:
        client.welcomed()


def _assert_serves(server) -> None:
    with server.client(since="end") as client:
        client.send("served")
        assert client.receive() == "served"


def _answer(server) -> str:
    """What a client is told: `OK`, the reason of an ERR, or `closed`."""
    try:
        server.client().close()
    except Refused as refused:
        return refused.reason
    except (EOFError, ConnectionError):
        return "closed"
    return "OK"


def _can_fork_over_the_limit(_) -> bool:
    resource.setrlimit(resource.RLIMIT_NPROC, (1, resource.getrlimit(resource.RLIMIT_NPROC)[1]))
    return can_fork()


def _lowest_free_descriptor(pid: int) -> int:
    """The number that the next descriptor would get (POSIX open: the lowest not in use)."""
    used = open_descriptors(pid)
    if used is None:
        pytest.skip("this system does not show which descriptors another process has open")
    return min(set(range(len(used) + 1)) - used)
