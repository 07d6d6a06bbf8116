"""Facts: what IPv6 is here, and what a listener on :: does."""

import socket

from support.net import connects, port_of


def test_ipv6_wildcard_and_ipv4(fact):
    """Does a listener on :: serve IPv4 too, when nobody touched IPV6_V6ONLY?

    RFC 3493 5.3: off by default, so yes. Linux (ipv6(7)) and macOS agree; FreeBSD and NetBSD
    default to on (inet6(4)); OpenBSD keeps it on for good (ip6(4)).
    """
    with socket.socket(socket.AF_INET6) as listener:
        fact("ipv6.v6only_default", listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
        listener.bind(("::", 0))
        listener.listen()
        fact("ipv6.wildcard_serves_ipv4", connects("127.0.0.1", port_of(listener)))
