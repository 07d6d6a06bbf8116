"""Contracts: who is served, in every bind mode that promises it."""

from support.marks import explained_by, promised_by, speaks_chat


@speaks_chat
@promised_by("dual", "ipv4", "first")
@explained_by("ipv6.v6only_default", "getaddrinfo.passive_order")
def test_ipv4_client_is_served(server):
    """A client that knows only the server's IPv4 address gets its message back.

    RFC 4038 4.1 expects servers to serve both families. FreeBSD and NetBSD refuse IPv4 on a `::` listener
    (inet6(4)) and list `::` first in getaddrinfo, which is the paper's first bug.
    """
    with server.client("127.0.0.1") as client:
        client.send("hello")
        assert client.receive() == "hello"
