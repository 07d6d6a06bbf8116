"""Contracts: the port of a server that has ended, and a port that is taken."""

import socket

import pytest

from support.calls import outcome
from support.marks import alone, depends_on, explained_by, promised_by, speaks_chat
from support.needs import need_ipv6
from support.net import listen, port_of, show
from support.ports import listen_with
from support.ready import NotReady

TRIES = 20


@alone  # another server may come to have the port
@speaks_chat
@depends_on("binding/test_any_server_contracts.py::test_it_starts_again_on_its_port_at_once")
@explained_by("reuseaddr.time_wait_on_both", "reuseaddr.established_on_both")
def test_restart_on_the_same_port_at_once(start_server):
    """A server that ended first, with clients still connected, starts again on its port at once and serves.

    The side that closes first keeps the connection in TIME_WAIT for 2 MSL (RFC 9293 3.6.1), 60 s on Linux and
    FreeBSD; without SO_REUSEADDR bind(2) fails with EADDRINUSE that long. One client here has closed as well
    (TIME_WAIT), one has not (FIN_WAIT_2).
    """
    server = start_server()
    with server.client() as closing, server.client() as open_client:
        assert server.stop() == 0
        assert closing.ended()
        assert open_client.ended()
        closing.close()
        again = start_server(port=server.port)
        assert again.addresses == server.addresses
        with again.client() as client:
            client.send("again")
            assert client.receive() == "again"


@speaks_chat
@promised_by("dual", "ipv4", "ipv6")
@explained_by("reuseaddr.live_listener")
def test_port_in_use_is_a_clear_error(start_server):
    """A server that finds its port taken ends with exit status 1 and one line that names the address and port.

    bind(2) or listen(2): EADDRINUSE; SO_REUSEADDR permits no second listener on the very same address. `first` does
    not promise it: where `::` and 0.0.0.0 are independent (BSD), its next address still binds.
    """
    first = start_server()
    with pytest.raises(NotReady) as caught:
        start_server(port=first.port)
    _assert_names_one_of(caught.value, [str(address) for address in first.addresses])
    first.client().close()  # and the first one goes on


@speaks_chat
@promised_by("dual")
@explained_by("ipv6.loopback_bindable")
def test_port_taken_in_ipv6_alone_is_an_error(start_server):
    """When only [::]:port is taken, `dual` ends with an error instead of serving half of what it promises.

    POSIX bind: EADDRINUSE is no lack of IPv6. A fallback on any error would leave IPv6 clients with another program.
    """
    need_ipv6()
    with _taken_in_ipv6_alone() as listener:
        port = port_of(listener)
        with pytest.raises(NotReady) as caught:
            start_server(port=port)
    _assert_names_one_of(caught.value, [show("::", port)])


def _taken_in_ipv6_alone() -> socket.socket:
    """A listener on [::] whose port a stranger, or a connection in TIME_WAIT, does not hold in IPv4."""
    for _ in range(TRIES):
        listener = listen("::", v6only=1)
        if outcome(listen_with, "0.0.0.0", port_of(listener), None, (socket.SO_REUSEADDR,)) == "ok":
            return listener
        listener.close()
    pytest.skip(f"no port of {TRIES} was free in IPv4 once [::] had it")


def _assert_names_one_of(failure: NotReady, addresses: list[str]) -> None:
    lines = failure.stderr.splitlines()
    assert failure.returncode == 1
    assert len(lines) == 1, lines
    assert any(address in lines[0] for address in addresses), f"none of {addresses} in {lines[0]!r}"
