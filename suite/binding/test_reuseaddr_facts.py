"""Facts: what SO_REUSEADDR allows, and what is refused without it."""

import socket
import struct

import pytest

from support.calls import outcome
from support.net import connect, listen, port_of
from support.ports import listen_beside, refused_every_time

LOOPBACK = "127.0.0.1"
LINGER_SECONDS = 5
REUSE = (socket.SO_REUSEADDR,)
PAIRS = {"without": ((), ()), "on_the_new_one": ((), REUSE), "on_both": (REUSE, REUSE)}


def leave_in_time_wait(options: tuple[int, ...]) -> int:
    """A port whose listener is gone, and whose one connection the server closed first (RFC 9293 3.6).

    It is in FIN_WAIT_2 until the client's FIN has come: the client's close waits for the server's ACK of that.
    """
    with listen(LOOPBACK, options=options) as listener, connect(LOOPBACK, port_of(listener)) as client:
        listener.accept()[0].close()
        assert client.recv(1) == b""  # the server's FIN
        client.setblocking(True)  # close does not linger on a non-blocking socket on the BSDs
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, LINGER_SECONDS))
        client.close()
        return port_of(listener)


@pytest.mark.parametrize("reuse", PAIRS)
def test_bind_with_a_connection_in_time_wait(fact, reuse):
    """Can a restarted server bind its port while a connection of its predecessor is in TIME_WAIT?

    POSIX 2.10.16 says of SO_REUSEADDR only that it lets local addresses be used again. Linux: without the option
    EADDRINUSE for a minute, and it wants it on the predecessor's socket as well as on the new one; on FreeBSD the new
    one's is enough (socket(7), Notes, says both), and 14.0 binds without it, too (measured).
    """
    old, new = PAIRS[reuse]
    fact(f"reuseaddr.time_wait_{reuse}", refused_every_time(lambda: outcome(listen_on, leave_in_time_wait(old), new)))


@pytest.mark.parametrize("reuse", PAIRS)
def test_bind_with_an_established_connection(fact, reuse):
    """Can a restarted server bind its port while a child of its predecessor still serves a client?

    That is a fork-based server whose parent died alone (Stevens, UNP 7.5). Linux: with SO_REUSEADDR on both sockets, as
    nobody listens any more (socket(7)); on FreeBSD 14.0 the new one's is enough (measured).
    """
    old, new = PAIRS[reuse]

    def attempt() -> str:
        with listen(LOOPBACK, options=old) as listener, connect(LOOPBACK, port_of(listener)):
            port = port_of(listener)
            served = listener.accept()[0]
            listener.close()
            with served:
                return outcome(listen_on, port, new)

    fact(f"reuseaddr.established_{reuse}", refused_every_time(attempt))


def test_bind_with_a_live_listener(fact):
    """Does SO_REUSEADDR let a second server steal the address of a live one?

    POSIX bind: EADDRINUSE. On no Unix known, for the same address (socket(7), getsockopt(2)); on Windows it does.
    """
    fact("reuseaddr.live_listener", listen_beside(LOOPBACK, LOOPBACK, options=REUSE))


@pytest.mark.parametrize(("suffix", "options"), [("", ()), ("_reuseaddr", REUSE)])
def test_specific_address_beside_the_wildcard(fact, suffix, options):
    """Can 127.0.0.1 listen beside a live 0.0.0.0 on one port, and the other way round?

    POSIX bind: EADDRINUSE, and so without SO_REUSEADDR everywhere. With it Linux still refuses (socket(7)), while the
    BSDs allow it both ways (measured on FreeBSD 14.0, one way on NetBSD), and the more specific address takes the
    wildcard's clients.
    """
    fact(f"bind.specific_beside_wildcard{suffix}", listen_beside("0.0.0.0", LOOPBACK, options=options))
    fact(f"bind.wildcard_beside_specific{suffix}", listen_beside(LOOPBACK, "0.0.0.0", options=options))


def listen_on(port: int, options: tuple[int, ...]) -> socket.socket:
    return listen(LOOPBACK, port, options=options)
