"""Contracts of any server: which addresses it serves, and what becomes of its port."""

import pytest

from support.address import own_addresses
from support.deadline import Deadline
from support.interfaces import interface_addresses, unless_lost
from support.marks import alone, depends_on, explained_by, follows_from, over, promises
from support.needs import need_ipv6
from support.net import NO_FAMILY, can_bind, connect_error
from support.ready import NotReady
from support.tracer import without_call

LINGERING_SECONDS = 15.0
AGAIN_SECONDS = 1.0
HERE = "binding/test_any_server_contracts.py::test_a_client_on"
IPV4, IPV6 = f"{HERE}_ipv4_loopback_is_served", f"{HERE}_ipv6_loopback_is_served"
IPV6_LISTENER = r"socket\(AF_INET6, SOCK_(STREAM|DGRAM)"


@over("tcp", "udp")
@promises("ipv4")
@explained_by(
    "getaddrinfo.passive_order",
    "ipv6.v6only_default",
    "ipv6.v6only_clearable",
    failing="IPv4 clients are refused",
    fix="bind both families, or set IPV6_V6ONLY explicitly",
)
def test_a_client_on_ipv4_loopback_is_served(server):
    """A client that knows the address 127.0.0.1 alone is served.

    RFC 4038 4.1 expects servers to serve both families. FreeBSD and NetBSD refuse IPv4 on a `::` listener
    (inet6(4)) and list `::` first in getaddrinfo.
    """
    server.serve("127.0.0.1")


@over("tcp", "udp")
@promises("ipv6")
@explained_by(
    "ipv6.loopback_bindable",
    "getaddrinfo.loopback_order",
    failing="IPv6 clients are refused",
    fix="a listener for each family",
)
def test_a_client_on_ipv6_loopback_is_served(server):
    """A client that knows the address ::1 alone is served, where the platform has it.

    RFC 6724 has clients prefer IPv6: a name with both addresses leads here first.
    """
    need_ipv6()
    server.serve("::1")


@over("tcp", "udp")
@promises("interfaces")
@pytest.mark.parametrize(
    "family", [pytest.param("ipv4", marks=follows_from(IPV4)), pytest.param("ipv6", marks=follows_from(IPV6))]
)
@explained_by(
    "getaddrinfo.passive_order",
    "ipv6.v6only_default",
    "ipv6.v6only_clearable",
    failing="Clients of an interface's address are refused",
    fix="bind both families, or set IPV6_V6ONLY explicitly",
)
def test_a_client_of_any_interface_is_served(server, family):
    """A client that comes in by an address of an interface, not of loopback, is served.

    POSIX bind: a socket bound to INADDR_ANY or in6addr_any accepts at every local address.
    """
    if not server.promises[family]:
        pytest.skip(f"left out: {server.subject.name} does not promise {family}")
    there = [address for address in interface_addresses() if (":" in address) == (family == "ipv6")]
    if not there:
        pytest.skip(f"no interface but loopback has an address of {family} here")
    for address in there:
        with unless_lost(address):
            server.serve(address)


@over("tcp", "udp")
@promises("ipv4", "without_ipv6")
@follows_from(IPV4)
def test_without_ipv6_it_serves_ipv4(start_server, work):
    """Where the system has no IPv6, clients of IPv4 are served all the same.

    socket(2): EAFNOSUPPORT when the family is missing, as on Linux with ipv6.disable=1; a FreeBSD jail answers
    EPROTONOSUPPORT. Where IPv6 is, the tracer takes it away from the server's first call that asks for a listener.
    """
    if can_bind("::") in NO_FAMILY:
        start_server().serve("127.0.0.1")  # nothing to take away: the platform itself is the proof
        return
    none = "the server's first process asks for no listener of IPv6"
    without_call(start_server, work, "socket", IPV6_LISTENER, "EAFNOSUPPORT", none)


@over("tcp", "udp")
@alone  # another server may come to have the port
@promises("restart")
@depends_on("signals/test_any_server_contracts.py::test_it_does_what_it_promises_at[{stop}]")
@explained_by("reuseaddr.time_wait_on_both", "reuseaddr.established_on_both")
def test_it_starts_again_on_its_port_at_once(start_server):
    """A server that was ended with clients connected starts again on its port at once, and serves.

    The side that closes first keeps the connection in TIME_WAIT for 2 MSL (RFC 9293 3.6.1), 60 s on Linux and
    FreeBSD; without SO_REUSEADDR bind(2) fails with EADDRINUSE that long.
    """
    server = start_server()
    with server.guest() as open_client:
        server.stop(LINGERING_SECONDS)
        again = started_again(start_server, server.port)
        assert {address.host for address in again.addresses} == {address.host for address in server.addresses}
        again.serve()
        assert open_client.fileno() != -1  # it was open all the time


@over("tcp", "udp")
@promises("port_in_use")
@explained_by("reuseaddr.live_listener", "reuseport.second_listener")
def test_a_second_one_on_its_port_ends(start_server):
    """A server that finds its port taken ends with an error, and the first one goes on serving.

    bind(2) or listen(2): EADDRINUSE; SO_REUSEADDR permits no second listener on the very same address. With
    SO_REUSEPORT both would listen, and clients would meet either.
    """
    first = start_server()
    try:
        second = start_server(port=first.port)
    except NotReady as error:
        assert error.returncode not in (0, None), f"the second server neither serves nor ends with an error: {error}"
    else:
        # what answered may have been the first one
        status = second.wait(LINGERING_SECONDS)
        assert status != 0, "the second server ended with exit status 0"
    first.serve()


def started_again(start_server, port):
    """A second server on the port. A process that the first one had just forked may hold its listener for a moment."""
    deadline = Deadline(AGAIN_SECONDS)
    while True:
        try:
            return start_server(port=port)
        except NotReady as error:  # which is what this is about, and no start that failed before it
            if error.returncode is None or deadline.passed():
                pytest.fail(f"it does not start again on its port: {error}")


@alone  # another server may have the port in the other family
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_a_family_that_is_not_promised_is_refused_at_once(server, family):
    """Clients of a family that the server does not serve are refused, not left to wait.

    RFC 8305: a client tries the addresses of a name one after the other. RST sends it on at once; a connection that is
    accepted and not served does not.
    """
    if server.promises[family]:
        pytest.skip(f"{server.subject.name} promises {family}")
    there = [address for address in own_addresses() if (":" in address) == (family == "ipv6")]
    answers = {connect_error(address, server.port) for address in there}
    assert answers <= {"ECONNREFUSED", None}
    if None in answers:
        for address in there:
            if connect_error(address, server.port) is None:
                server.serve(address)
