"""Facts: listening sockets: backlog, SO_ACCEPTCONN, shutdown."""

import select
import socket
from contextlib import ExitStack

import pytest

from support.calls import Call, outcome
from support.child import readable
from support.kernel import backlog_cap
from support.net import CONNECT_SECONDS, connect, connects, errno_name, listen, port_of

LOOPBACK = "127.0.0.1"
BACKLOG = 1
MOST = 8
DROPPED_SECONDS = 0.1


def test_backlog_cap(fact):
    """What is SOMAXCONN, and to what does the kernel cut a larger backlog, silently?

    POSIX listen: SOMAXCONN is the most that listen() takes. Linux 4096 since 5.4, 128 before (listen(2)); FreeBSD,
    NetBSD and OpenBSD 128 unless the administrator raised it. The header's constant need not be the running kernel's:
    musl has 128 on a kernel with 4096 (measured).
    """
    fact("listen.somaxconn", socket.SOMAXCONN)
    cap = backlog_cap()
    if cap is None:
        pytest.skip("this kernel shows no limit of the backlog (SOMAXCONN is recorded)")
    fact("listen.backlog_cap", cap)


def test_full_backlog(fact):
    """How many clients does a backlog of 1 admit before anyone is accepted, and what happens to the next one?

    POSIX listen: the backlog is a hint. Linux admits one more than asked and drops the SYN of the next, which the
    client retries after 1 s (listen(2), tcp(7) tcp_abort_on_overflow); BSD takes 3/2 of the backlog and one more.
    FreeBSD 14.0 completes the next one's handshake as well, and resets it then (measured): what counts is who can be
    accepted.
    """
    answers: list[tuple[socket.socket, tuple[str, int], str]] = []
    with ExitStack() as stack:
        listener = stack.enter_context(listen(LOOPBACK, backlog=BACKLOG))
        while len(answers) < MOST and all(answer == "ok" for _, _, answer in answers):
            client = stack.enter_context(socket.socket())
            client.bind((LOOPBACK, 0))
            answers.append((client, client.getsockname(), knock(client, port_of(listener))))
        overtake()  # the listener has seen the last of them, too
        accepted = peers_waiting(listener)
        # a dropped SYN that came again meanwhile belongs to nobody who was admitted
        turned_away = [(client, answer) for client, name, answer in answers if answer != "ok" or name not in accepted]
        fact("listen.backlog_1_admits", len(answers) - len(turned_away))
        client, answer = turned_away[0] if turned_away else answers[-1][::2]
        fact("listen.full_backlog", end_of(client) if turned_away and answer == "ok" else answer)


def knock(client: socket.socket, port: int) -> str:
    """`ok`, an errno, or `no answer` for an attempt whose SYN was dropped."""
    client.setblocking(False)
    client.connect_ex((LOOPBACK, port))
    if not ended(client, DROPPED_SECONDS):
        overtake()  # a dropped SYN comes again after a whole second: an attempt that is overtaken is dropped, not slow
    if not ended(client, 0):
        return "no answer"
    error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return errno_name(OSError(error, "")) if error else "ok"


def overtake() -> None:
    """Make a connection; whatever is under way on loopback, where a handshake needs nobody's help, came before it."""
    with listen(LOOPBACK) as listener, connect(LOOPBACK, port_of(listener)):
        listener.accept()[0].close()


def peers_waiting(listener: socket.socket) -> set[tuple[str, int]]:
    """The addresses of all whom accept gives, and no more come."""
    peers = set()
    while readable(listener.fileno(), DROPPED_SECONDS):
        try:
            served, peer = listener.accept()
        except OSError:
            continue  # one that has left again
        served.close()
        peers.add(peer)
    return peers


def end_of(client: socket.socket) -> str:
    """How a connection ends that was made and is never accepted: an errno, `EOF`, or `no answer` when it does not."""
    if not readable(client.fileno(), CONNECT_SECONDS):
        return "no answer"
    try:
        client.recv(1)
    except OSError as error:
        return errno_name(error)
    return "EOF"


def ended(client: socket.socket, seconds: float) -> bool:
    """Whether a connection attempt has ended, well or badly, within `seconds`."""
    poller = select.poll()
    poller.register(client, select.POLLOUT)
    return bool(poller.poll(seconds * 1000))


def test_so_acceptconn(fact):
    """Can a program that was handed a socket see that it listens already?

    POSIX 2.10.16: SO_ACCEPTCONN reads 1 after listen(). Linux, FreeBSD and illumos agree; macOS, OpenBSD and NetBSD
    gave ENOPROTOOPT (wahern/cqueues PORTING.md, 2014).
    """
    if not hasattr(socket, "SO_ACCEPTCONN"):
        pytest.skip("no SO_ACCEPTCONN here")
    with listen(LOOPBACK) as listener, socket.socket() as plain:
        fact("listen.so_acceptconn", [listening(plain), listening(listener)])


def listening(some: socket.socket) -> bool | str:
    try:
        return some.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
    except OSError as error:
        return errno_name(error)


def test_shutdown_of_a_listening_socket(fact):
    """Does shutdown() end a listening socket, and what does accept() say then?

    POSIX shutdown: ENOTCONN for a socket that is not connected. Linux returns 0, refuses clients and gives EINVAL from
    accept; FreeBSD returns ENOTCONN, and accept ECONNABORTED all the same (soshutdown in sys/kern/uipc_socket.c), while
    clients still connect (measured); macOS only returns ENOTCONN (NixOS/nix#8168, FluidSynth/fluidsynth#1837).
    """
    with listen(LOOPBACK) as listener:
        fact("listen.shutdown", outcome(listener.shutdown, socket.SHUT_RDWR))
        listener.setblocking(False)
        fact("listen.accept_after_shutdown", outcome(accept, listener))
        fact("listen.shutdown_keeps_clients_out", not connects(LOOPBACK, port_of(listener)))


def test_shutdown_wakes_accept(fact):
    """Does shutdown() of a listening socket wake a process that is blocked in accept(), and with what?

    POSIX shutdown leaves it open. Linux: EINVAL; FreeBSD: ECONNABORTED (soshutdown in sys/kern/uipc_socket.c); macOS:
    it stays blocked (FluidSynth/fluidsynth#1837), and a server that ends its accept loop this way never ends there.
    """
    with listen(LOOPBACK) as listener:
        listener.setblocking(True)
        with Call(outcome, accept, listener) as waiting:
            assert waiting.blocked(), f"accept without a client did not wait: {waiting.result()}"
            outcome(listener.shutdown, socket.SHUT_RDWR)
            fact("listen.shutdown_wakes_accept", "no" if waiting.blocked() else waiting.result())


def accept(listener: socket.socket) -> socket.socket:
    return listener.accept()[0]


def test_accept_of_two_processes(fact):
    """Do two processes that block in accept() on one listener, as pre-forked servers do, share the clients?

    POSIX accept: each connection goes to one of them. Old kernels woke all (the thundering herd, UNP 30.6); the loser
    of that race stays blocked today, on Linux by exclusive wake-up.
    """
    with listen(LOOPBACK) as listener:
        listener.setblocking(True)
        with Call(outcome, accept, listener) as first, Call(outcome, accept, listener) as second:
            assert (first.blocked(), second.blocked()) == (True, True), "accept without a client did not wait"
            with connect(LOOPBACK, port_of(listener)) as client:
                assert client.recv(1) == b"", "expected the accepting process to close"
            fact("accept.client_goes_to_one_process", first.blocked() != second.blocked())
