"""Facts: in which order getaddrinfo lists the addresses that a server binds and a client tries."""

import socket

from support.marks import says
from support.net import errno_name


def addresses(host: str | None, flags: int = 0) -> list[str] | str:
    """The addresses in the order given, each once; the name of the error instead when there is one."""
    try:
        found = socket.getaddrinfo(host, 80, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, flags)
    except socket.gaierror as error:
        return errno_name(error)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@says("getaddrinfo.passive_order", "getaddrinfo offers {first} first")
def test_passive_order(fact):
    """Which address does a server get first that binds the first result of getaddrinfo(NULL, AI_PASSIVE)?

    POSIX and RFC 3493 6.1 leave the order open. glibc and musl list 0.0.0.0 first (glibc sorts by gai.conf(5));
    FreeBSD and NetBSD list :: first (explore[] in lib/libc/net/getaddrinfo.c, passive results are not sorted).
    """
    fact("getaddrinfo.passive_order", addresses(None, socket.AI_PASSIVE))


def test_passive_order_with_addrconfig(fact):
    """Does AI_ADDRCONFIG take the IPv6 wildcard away where no IPv6 address is configured?

    RFC 3493 6.1: loopback addresses do not count as configured. glibc leaves a family out that has only those when
    the other one has more; musl asks for a route to the family's loopback address.
    """
    fact("getaddrinfo.passive_order_addrconfig", addresses(None, socket.AI_PASSIVE | socket.AI_ADDRCONFIG))


def test_loopback_order(fact):
    """In which order does getaddrinfo(NULL), without AI_PASSIVE, list the loopback addresses to connect to?

    RFC 6724 prefers ::1 (label 0, precedence 50) where IPv6 works; glibc and musl sort by it and put 127.0.0.1
    first where ::1 cannot be reached.
    """
    fact("getaddrinfo.loopback_order", addresses(None))


def test_localhost_order(fact):
    """Which addresses does `localhost` have, and which does a client try first?

    RFC 6761 6.3: loopback addresses only. What comes back is /etc/hosts (hosts(5)) sorted by RFC 6724: some images
    list 127.0.0.1 alone, macOS adds fe80::1%lo0, and a container without IPv6 may still list ::1.
    """
    fact("getaddrinfo.localhost_order", addresses("localhost"))
