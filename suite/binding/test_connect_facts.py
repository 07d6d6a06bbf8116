"""Facts: what a client on this machine meets: refusals, and wildcard addresses as destinations."""

import socket

import pytest

from support.calls import outcome
from support.needs import need_ipv6
from support.net import connect, listen, port_of

REFUSED_SECONDS = 1.0
LOOPBACKS = {"ipv4": "127.0.0.1", "ipv6": "::1"}
WILDCARDS = {"ipv4": "0.0.0.0", "ipv6": "::"}


@pytest.mark.parametrize("family", LOOPBACKS)
def test_refused_connection(fact, family):
    """What does a client see on loopback where nobody listens?

    RFC 9293 3.10.7.1: a reset, so ECONNREFUSED. FreeBSD with net.inet.tcp.blackhole stays silent until the client
    gives up (blackhole(4)); illumos says ENETUNREACH where the family is not configured.
    The port belongs to a socket that is bound and does not listen, so nobody else can come to listen there.
    """
    if family == "ipv6":
        need_ipv6()
    with socket.socket(socket.AF_INET6 if family == "ipv6" else socket.AF_INET) as bound:
        bound.bind((LOOPBACKS[family], 0))
        fact(f"connect.refused_{family}", outcome(connect, LOOPBACKS[family], port_of(bound), REFUSED_SECONDS))


def test_refused_connection_without_waiting(fact):
    """What does a non-blocking connect() to a port of this host say that nobody listens on?

    POSIX connect: EINPROGRESS where it cannot be established immediately. Linux says that on loopback, too, and the
    error comes by SO_ERROR; OpenBSD 5.1 refused at once (measured), so a client that knows EINPROGRESS alone fails.
    """
    with socket.socket() as bound, socket.socket() as client:
        bound.bind((LOOPBACKS["ipv4"], 0))
        client.setblocking(False)
        fact("connect.refused_nonblocking", outcome(client.connect, bound.getsockname()))


@pytest.mark.parametrize("family", WILDCARDS)
def test_connect_to_the_wildcard_address(fact, family):
    """Does a client that connects to 0.0.0.0 or :: reach a server on loopback?

    RFC 1122 3.2.1.3 and RFC 4291 2.5.2 forbid them as destinations. Linux and the BSDs take this host for them
    (ip(7)), Windows refuses; a client that copies the server's ready line depends on it.
    """
    if family == "ipv6":
        need_ipv6()
    with listen(LOOPBACKS[family]) as listener:
        fact(f"connect.to_wildcard_{family}", outcome(connect, WILDCARDS[family], port_of(listener), REFUSED_SECONDS))
