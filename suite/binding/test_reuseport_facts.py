"""Facts: what SO_REUSEPORT is here."""

import socket
from contextlib import ExitStack

import pytest

from support.calls import outcome
from support.deadline import wait_until
from support.net import connect, listen, port_of
from support.ports import listen_beside

LOOPBACK = "127.0.0.1"
CLIENTS = 32


def reuseport() -> tuple[int]:
    """The option for `listen`; skips the probe where the kernel has none."""
    if (answer := set_reuseport()) != "ok":
        pytest.skip(f"no SO_REUSEPORT here: {answer}")
    return (socket.SO_REUSEPORT,)


def set_reuseport() -> str:
    if not hasattr(socket, "SO_REUSEPORT"):
        return "not in the headers"
    with socket.socket() as probe:
        return outcome(probe.setsockopt, socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def test_second_listener(fact):
    """May two sockets listen on the very same address and port when both set SO_REUSEPORT?

    Linux since 3.9 (socket(7)) and the BSDs: yes. POSIX does not have the option, old kernels lack it.
    """
    fact("reuseport.settable", set_reuseport())
    fact("reuseport.second_listener", listen_beside(LOOPBACK, LOOPBACK, options=reuseport()))


def test_balance(fact):
    """Do both of them get clients?

    No standard has the option. Linux spreads connections by a hash of addresses and ports (socket(7)), so 32 clients
    miss a listener once in 2^31. The BSDs give all to one (measured on FreeBSD 14.0); FreeBSD 12 and later spread with
    SO_REUSEPORT_LB (getsockopt(2)).
    """
    with ExitStack() as stack:
        first = stack.enter_context(listen(LOOPBACK, options=reuseport()))
        try:
            second = stack.enter_context(listen(LOOPBACK, port_of(first), options=reuseport()))
        except OSError as error:
            pytest.skip(f"no second listener on one port here: {error.strerror}")
        for _ in range(CLIENTS):
            stack.enter_context(connect(LOOPBACK, port_of(first)))
        served = {first: 0, second: 0}
        wait_until(lambda: accept_waiting(served) == CLIENTS, f"{CLIENTS} clients to be accepted")
    fact("reuseport.balances", all(served.values()))


def accept_waiting(served: dict[socket.socket, int]) -> int:
    """Accept whoever waits, count per listener; the sum so far."""
    for listener in served:
        listener.setblocking(False)
        try:
            while True:
                listener.accept()[0].close()
                served[listener] += 1
        except BlockingIOError:
            pass
    return sum(served.values())
