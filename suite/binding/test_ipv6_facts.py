"""Facts: what IPv6 is here, and what a listener on :: does."""

import socket

from support.calls import outcome
from support.marks import says
from support.needs import need_dual_stack, need_ipv6
from support.net import CONNECT_SECONDS, connect, connects, listen, port_of

MAPPED_LOOPBACK = "::ffff:127.0.0.1"


def test_ipv6_is_there(fact):
    """Does the kernel know AF_INET6, and does the loopback interface have ::1?

    POSIX socket: EAFNOSUPPORT or EPROTONOSUPPORT, which a kernel without INET6 gives. Linux with disable_ipv6=1 still
    has the family and binds ::, but ::1 gives EADDRNOTAVAIL: so are Docker's default networks (ipv6(7), ip-sysctl).
    """
    fact("ipv6.socket", outcome(socket.socket, socket.AF_INET6))
    fact("ipv6.wildcard_bindable", outcome(listen, "::"))
    fact("ipv6.loopback_bindable", outcome(listen, "::1"))


@says("ipv6.v6only_default", "IPV6_V6ONLY is {value} by default")
@says("ipv6.wildcard_serves_ipv4", "a listener on :: serving IPv4 is {value}")
def test_ipv6_wildcard_and_ipv4(fact):
    """Does a listener on :: serve IPv4 too, when nobody touched IPV6_V6ONLY?

    RFC 3493 5.3: off by default, so yes. Linux (ipv6(7)) and macOS agree; FreeBSD and NetBSD
    default to on (inet6(4)); OpenBSD keeps it on for good (ip6(4)).
    """
    need_ipv6("::")
    with socket.socket(socket.AF_INET6) as listener:
        fact("ipv6.v6only_default", int(listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) != 0))
        listener.bind(("::", 0))
        listener.listen()
        fact("ipv6.wildcard_serves_ipv4", connects("127.0.0.1", port_of(listener)))


def test_v6only_can_be_set(fact):
    """Can IPV6_V6ONLY be set and cleared before bind, and still be changed after it?

    RFC 3493 5.3 says nothing of bind. Linux and NetBSD refuse with EINVAL once an address is bound; OpenBSD
    refuses to clear it at any time (ip6(4): the option is read-only).
    """
    need_ipv6("::")
    for name, value in (("settable", 1), ("clearable", 0)):
        with socket.socket(socket.AF_INET6) as fresh:
            fact(f"ipv6.v6only_{name}", outcome(fresh.setsockopt, socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, value))
        with socket.socket(socket.AF_INET6) as bound:
            bound.bind(("::", 0))
            after = outcome(bound.setsockopt, socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, value)
        fact(f"ipv6.v6only_{name}_after_bind", after)


def test_ipv4_peer_of_a_dual_socket(fact):
    """As which address does an IPv4 client appear on a dual-stack listener (IPV6_V6ONLY cleared explicitly)?

    RFC 4291 2.5.5.2, RFC 3493 3.7: as an IPv4-mapped IPv6 address. A server that compares or logs addresses
    sees ::ffff:127.0.0.1 here and 127.0.0.1 on a separate IPv4 listener.
    """
    need_dual_stack()
    with listen("::", v6only=0) as listener, connect("127.0.0.1", port_of(listener)):
        served, peer = listener.accept()
        served.close()
    fact("ipv6.ipv4_peer_seen_as", peer[0])


def test_connect_to_an_ipv4_mapped_address(fact):
    """Does a connection to ::ffff:127.0.0.1 reach an IPv4 listener?

    RFC 3493 3.7: yes. A BSD socket with IPV6_V6ONLY on, which is the default there, answers EINVAL (measured on
    NetBSD; FreeBSD tcp6_usr_connect). OpenBSD has no mapped addresses at all (ip6(4)).
    """
    need_ipv6("::")
    with listen("127.0.0.1") as listener, socket.socket(socket.AF_INET6) as client:
        client.settimeout(CONNECT_SECONDS)
        fact("ipv6.mapped_connect", outcome(client.connect, (MAPPED_LOOPBACK, port_of(listener))))


def test_connect_to_an_ipv4_mapped_address_with_v6only_set(fact):
    """What does connect() say of ::ffff:127.0.0.1 once the client has set IPV6_V6ONLY explicitly?

    RFC 3493 5.3 names no error. Linux: ENETUNREACH (measured); FreeBSD and NetBSD: EINVAL (tcp6_usr_connect in
    sys/netinet/tcp_usrreq.c, measured on both with the option at its default, which is on).
    """
    need_ipv6("::")
    with listen("127.0.0.1") as listener, socket.socket(socket.AF_INET6) as client:
        client.settimeout(CONNECT_SECONDS)
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        fact("ipv6.mapped_connect_v6only", outcome(client.connect, (MAPPED_LOOPBACK, port_of(listener))))


def test_connect_to_an_ipv4_mapped_address_with_v6only_cleared(fact):
    """Does it reach the IPv4 listener once the client has cleared IPV6_V6ONLY explicitly?

    RFC 3493 5.3: the option governs both directions, so yes wherever it can be cleared.
    """
    need_dual_stack()
    with listen("127.0.0.1") as listener, socket.socket(socket.AF_INET6) as client:
        client.settimeout(CONNECT_SECONDS)
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        fact("ipv6.mapped_connect_v6only_cleared", outcome(client.connect, (MAPPED_LOOPBACK, port_of(listener))))
