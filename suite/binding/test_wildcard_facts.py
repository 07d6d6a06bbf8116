"""Facts: whether 0.0.0.0 and [::] can listen side by side on one port."""

import socket

from support.needs import need_dual_stack, need_ipv6
from support.ports import listen_beside


def both_orders(fact, suffix: str, **settings) -> None:
    """Record whether the second of the two wildcards can listen, each of them being second once."""
    fact(f"bind.ipv4_beside_ipv6{suffix}", listen_beside("::", "0.0.0.0", **settings))
    fact(f"bind.ipv6_beside_ipv4{suffix}", listen_beside("0.0.0.0", "::", **settings))


def test_both_wildcards_as_the_system_has_them(fact):
    """Can 0.0.0.0 and [::] share a port when IPV6_V6ONLY is left at the system's default?

    RFC 3493 does not say. Linux: EADDRINUSE, because [::] takes IPv4 too (ipv6(7)); the BSDs, where V6ONLY is on:
    yes (inet6(4)); a server that binds every result of getaddrinfo fails on one and not on the other.
    """
    need_ipv6("::")
    both_orders(fact, "")


def test_both_wildcards_with_v6only(fact):
    """Can they share a port when IPV6_V6ONLY is set explicitly, as a portable server does?

    RFC 3493 5.3: the socket then has nothing to do with IPv4. Yes everywhere known (ipv6(7), inet6(4)).
    """
    need_ipv6("::")
    both_orders(fact, "_v6only", v6only=1)


def test_both_wildcards_with_v6only_cleared(fact):
    """Can they share a port when IPV6_V6ONLY is cleared explicitly, so that both claim IPv4?

    RFC 3493 does not say. Linux: EADDRINUSE (ipv6(7)). By inet6(4) of the BSDs the IPv4 socket wins over the IPv6 one;
    FreeBSD 14.0 refuses it when it comes second, and lets [::] listen when that does (measured). RFC 3493's authors
    warn of the consequences (draft-itojun-v6ops-v4mapped-harmful).
    """
    need_dual_stack()
    both_orders(fact, "_v6only_cleared", v6only=0)


def test_both_wildcards_with_reuseaddr(fact):
    """Does SO_REUSEADDR on both sockets make room for the second wildcard, V6ONLY at the system's default?

    POSIX 2.10.16 leaves it open. Linux: no, never while one of them listens (socket(7)); where V6ONLY is on they never
    were in each other's way.
    """
    need_ipv6("::")
    both_orders(fact, "_reuseaddr", options=(socket.SO_REUSEADDR,))
