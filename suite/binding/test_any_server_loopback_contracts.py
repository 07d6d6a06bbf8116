"""Contracts of any server: a host whose only address of IPv6 is that of loopback."""

import pytest

from support import lone_loopback
from support.child import Channel, in_child
from support.differences import NotSwitchedOn
from support.launcher import Launcher
from support.marks import explained_by, follows_from, promises
from support.needs import need_ipv6
from support.starting import CannotBeHere, NotItsOwn

HERE = "binding/test_any_server_contracts.py::test_a_client_on"


@promises("ipv6", "lone_loopback")
@follows_from(f"{HERE}_ipv6_loopback_is_served")
@explained_by("getaddrinfo.passive_order_addrconfig")
def test_where_ipv6_is_on_loopback_alone_its_clients_are_served(start_server):
    """On a host with IPv4 on an interface, and ::1 as its only address of IPv6, clients of ::1 are served.

    RFC 3493 6.1, AI_ADDRCONFIG: an address of loopback does not count as one of the system's, so that getaddrinfo names
    none of IPv6 then. So it does with glibc, for a passive socket, too; musl asks for a route to ::1. A server that
    binds what it is named serves IPv4 alone.
    """
    need_ipv6()
    if reason := in_child(serve_there, start_server, seconds=60.0):
        pytest.skip(f"not tried: {reason}")


def serve_there(_: Channel, start_server: Launcher) -> str | None:
    """None, or why it cannot be tried. Raises what a client that is not served raises."""
    if reason := lone_loopback.enter():
        return f"no such network can be had here: {reason}"
    try:
        server = start_server()
    except (CannotBeHere, NotItsOwn, NotSwitchedOn) as error:
        return str(error)
    try:
        server.serve("::1")
        for family, address in (("ipv4", "127.0.0.1"), ("interfaces", lone_loopback.ADDRESS)):
            if server.promises["ipv4"] and server.promises[family]:
                server.serve(address)
    finally:
        server.end()
    return None
