"""Contracts: who is served, in every bind mode that promises it."""

import resource

import pytest

from support.address import WILDCARDS
from support.child import in_child
from support.guests import (
    DESCRIPTORS,
    SERVED,
    descriptors_allowed,
    processes_available,
    raise_descriptor_limit,
    serve_all,
)
from support.interfaces import interface_addresses, unless_lost
from support.kernel import backlog_cap
from support.marks import explained_by, follows_from, promised_by, speaks_chat
from support.needs import need_ipv6

CROWD = 200
HERE = "binding/test_served_contracts.py"


@speaks_chat
@promised_by("dual", "ipv4", "first")
@explained_by(
    "getaddrinfo.passive_order",
    "ipv6.v6only_default",
    failing="IPv4 clients are refused",
    fix="bind both families, or set IPV6_V6ONLY explicitly",
)
def test_ipv4_client_is_served(server):
    """A client that knows only the server's IPv4 address gets its message back.

    RFC 4038 4.1 expects servers to serve both families. FreeBSD and NetBSD refuse IPv4 on a `::` listener
    (inet6(4)) and list `::` first in getaddrinfo, which is the paper's first bug.
    """
    with server.client("127.0.0.1") as client:
        client.send("hello")
        assert client.receive() == "hello"


@speaks_chat
@promised_by("dual", "ipv6")
@explained_by("ipv6.loopback_bindable")
def test_ipv6_client_is_served(server):
    """A client that knows only the server's IPv6 address gets its message back.

    RFC 6724 has clients prefer IPv6, so a host name with both addresses leads here first. Containers of
    Docker's default network have no ::1 (EADDRNOTAVAIL), kernels without INET6 no such sockets.
    """
    need_ipv6()
    with server.client("::1") as client:
        client.send("hello")
        assert client.receive() == "hello"


@speaks_chat
@follows_from(f"{HERE}::test_ipv4_client_is_served", f"{HERE}::test_ipv6_client_is_served")
@explained_by(
    "getaddrinfo.passive_order",
    "ipv6.v6only_default",
    failing="Clients of an interface's address are refused",
    fix="bind both families, or set IPV6_V6ONLY explicitly",
)
def test_client_of_every_interface_is_served(server, bind):
    """A client that comes in by an address of an interface, not of loopback, gets its message back.

    POSIX bind: a socket bound to INADDR_ANY or in6addr_any accepts at every local address. `ipv6` promises the IPv6
    ones, `ipv4` and `first` the IPv4 ones, `dual` both.
    """
    promised = [address for address in interface_addresses() if bind == "dual" or (bind == "ipv6") == (":" in address)]
    if not promised:
        pytest.skip(f"no interface but loopback has an address that bind mode {bind} promises")
    sent: list[str] = []
    for address in promised:
        with unless_lost(address), server.client(address) as client:
            sent.append(f"to {address}")
            client.send(sent[-1])
            assert client.receive_many(len(sent)) == sent


@speaks_chat
@explained_by("listen.backlog_cap", "listen.full_backlog")
def test_200_clients_at_once_are_served(start_server):
    """Two hundred clients that connect in the same instant all get OK and their own message back.

    listen(2): the backlog is cut silently to 128 on the BSDs and macOS, to 4,096 on Linux since 5.4; a server that
    accepts slowly, or asks for a backlog of 10 as the paper's did, loses the rest to retransmission or RST. Where the
    system cuts it below 200, so many come as its queue holds: on a busy machine none may have been accepted by then.
    """
    count = min(CROWD, backlog_cap() or CROWD)
    if not descriptors_allowed():
        pytest.skip(f"the hard limit of descriptors is below {DESCRIPTORS} here")
    # the deadline for HELLO is another contract's: a machine may need over a second for 200 clients at once
    server = start_server("--auth-timeout", "60", limits={resource.RLIMIT_NOFILE: DESCRIPTORS})
    bound = server.addresses[0].host
    address = (WILDCARDS.get(bound, bound), server.port)
    outcomes = in_child(_crowd, address, server.key, count, seconds=25.0)
    if "ERR busy" in outcomes and in_child(processes_available, 2 * count) < 2 * count:
        pytest.skip(f"{2 * count} processes are not available here")
    assert outcomes == {SERVED: count}


def _crowd(_, address: tuple[str, int], key: str, count: int) -> dict[str, int]:
    raise_descriptor_limit()
    return serve_all(address, key, count, seconds=20.0)
