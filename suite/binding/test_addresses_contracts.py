"""Contracts: the server listens on the addresses that it names, and on no other."""

import pytest

from support.address import own_addresses
from support.marks import alone, explained_by, follows_from, names_addresses, promised_by, speaks_chat
from support.needs import need_ipv6
from support.net import NO_FAMILY, can_bind, connect_error
from support.tracer import Tracer

STARTS = 3
REFUSED = "ECONNREFUSED"
IPV4, IPV6 = (f"binding/test_served_contracts.py::test_{family}_client_is_served" for family in ("ipv4", "ipv6"))


@alone  # another server may have the port at an address that this one leaves free
@names_addresses
@promised_by("dual", "ipv4", "ipv6")
@explained_by("ipv6.loopback_bindable", "connect.refused_ipv4", "connect.refused_ipv6")
def test_ready_names_every_address_bound(server):
    """The server answers on every address that its ready line covers and refuses every other one.

    Judged by connecting, because a listening table (ss, netstat, sockstat) differs on each system and shows a
    dual-stack socket as IPv6 alone. `0.0.0.0` covers IPv4, `[::]` covers IPv6 (RFC 3493 5.3, V6ONLY set by hand).
    """
    named = {address.host for address in server.addresses}
    candidates = own_addresses()
    answering = {address for address in candidates if connect_error(address, server.port) is None}
    there = [address for address in candidates if address in answering or can_bind(address) is None]  # some come and go
    covered = {address for address in there if named & {address, "::" if ":" in address else "0.0.0.0"}}
    assert answering == covered, f"the ready line names {', '.join(map(str, server.addresses))}"


@names_addresses
@promised_by("dual")
@explained_by("ipv6.loopback_bindable")
def test_port_is_the_same_in_both_families(server):
    """With port 0 both listeners have one and the same port.

    A client that tries both addresses of a name uses one port (RFC 8305); bind(2) with port 0 twice gives two.
    """
    if len(server.addresses) == 1:
        pytest.skip(f"one family here: the server listens on {server.addresses[0]}, ::1 is {can_bind('::1')}")
    assert len({address.port for address in server.addresses}) == 1, server.addresses


@promised_by("dual")
@explained_by(
    "ipv6.v6only_default",
    "getaddrinfo.passive_order",
    failing="The server does not listen on both families",
    fix="a listener for each, IPV6_V6ONLY set explicitly",
)
def test_both_families_are_listened_on(server):
    """The mode `dual` listens on the wildcard address of every family that has one here.

    RFC 4038 4.1. A server that takes the first result of getaddrinfo(3) has one of the two, and which one differs; one
    that leaves IPV6_V6ONLY alone gets EADDRINUSE for the second where the option is off by default (ipv6(7)).
    """
    there = {wildcard for wildcard in ("0.0.0.0", "::") if can_bind(wildcard) is None}
    assert {address.host for address in server.addresses} == there


@alone  # another server may have the port at an address that this one leaves free
@speaks_chat
@pytest.mark.parametrize(
    ("host", "modes"),
    [pytest.param("127.0.0.1", ("dual", "ipv4", "first"), id="ipv4"), pytest.param("::1", ("dual", "ipv6"), id="ipv6")],
)
def test_host_listens_only_there(start_server, bind, host, modes):
    """With `--host` the server is reached at that address alone.

    POSIX bind: the address asked for, and no other. A server that ignores the host, or lets one family fall back to the
    wildcard, is open to the network. Linux gives loopback all of 127.0.0.0/8, the BSDs and macOS 127.0.0.1 alone.
    """
    if bind not in modes:
        pytest.skip(f"left out: bind mode {bind} does not promise it")
    if reason := can_bind(host):
        pytest.skip(f"{host} cannot be bound here: {reason}")
    for _ in range(STARTS):  # at the addresses that it leaves free a stranger may have its port, but not each time
        server = start_server(host=host)
        assert [address.host for address in server.addresses] == [host]
        others = [address for address in own_addresses() if address != host]
        if not (answering := [address for address in others if connect_error(address, server.port) is None]):
            break
    assert not answering
    with server.client(host) as client:
        client.send("hello")
        assert client.receive() == "hello"


@alone  # another server may have the port at an address that this one leaves free
@promised_by("ipv6")
@explained_by("ipv6.v6only_default", "ipv6.wildcard_serves_ipv4", "connect.refused_ipv4")
def test_ipv6_only_refuses_ipv4(server):
    """In the mode `ipv6` an IPv4 client is refused, whatever the system's default of IPV6_V6ONLY.

    RFC 3493 5.3. Linux and macOS would serve it as ::ffff:127.0.0.1 when the option is left alone.
    """
    assert connect_error("127.0.0.1", server.port) == REFUSED


@speaks_chat
@promised_by("dual")
@follows_from(IPV4)
@pytest.mark.parametrize("error", NO_FAMILY)
def test_ipv4_is_served_where_there_is_no_ipv6(start_server, work, error):
    """The mode `dual` listens on 0.0.0.0 alone where the system has no IPv6, instead of ending.

    socket(2): EAFNOSUPPORT when the family is missing (Linux with ipv6.disable=1), EPROTONOSUPPORT in a FreeBSD jail
    and from a kernel without INET6 (measured on both). Where IPv6 is, the tracer takes it away from one call.
    """
    if can_bind("::") in NO_FAMILY:
        server = start_server()  # nothing to take away: the platform itself is the proof
    else:
        socket_call = _number_of_call(start_server, work, "socket", r"socket\(AF_INET6, SOCK_STREAM")
        tracer = Tracer(work / "without-ipv6", "socket", f"error={error}:when={socket_call}")
        server = start_server(wrapper=tracer.wrapper)
        tracer.demand()
    assert [address.host for address in server.addresses] == ["0.0.0.0"]
    with server.client("127.0.0.1") as client:
        client.send("hello")
        assert client.receive() == "hello"


@names_addresses
@promised_by("dual")
@follows_from(IPV4, IPV6)
def test_port_0_is_free_in_both_families(start_server, work):
    """When the free port of one family is taken in the other, the server takes another one and listens on both.

    bind(2) with port 0 looks at one family only where `::` is separate from 0.0.0.0; the tracer makes the
    second bind fail once with EADDRINUSE, as a neighbour on that port would.
    """
    need_ipv6()
    bind_call = _number_of_call(start_server, work, "bind", r".*sin6?_port=htons\((?!0\))")
    tracer = Tracer(work / "port-taken", "bind", f"error=EADDRINUSE:when={bind_call}")
    server = start_server(wrapper=tracer.wrapper)
    tracer.demand()
    assert {address.host for address in server.addresses} == {"0.0.0.0", "::"}
    assert connect_error("127.0.0.1", server.port) is None
    assert connect_error("::1", server.port) is None


def _number_of_call(start_server, work, call: str, pattern: str) -> int:
    """Which of the server's calls it is that matches, counted from 1, seen in a first start that is left alone."""
    tracer = Tracer(work / f"{call}-calls", call)
    start_server(wrapper=tracer.wrapper)
    number = tracer.number_of(pattern)
    assert number, f"no {call} call like {pattern} in:\n{tracer.text()}"
    return number
