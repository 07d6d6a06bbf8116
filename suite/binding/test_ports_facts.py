"""Facts: which ports and addresses this user may bind, and how long the path of a Unix socket may be."""

import errno
import socket

from support.net import can_bind

# RFC 5737 and RFC 3849: for documentation, nobody's own
ABSENT = {"ipv4": "203.0.113.1", "ipv6": "2001:db8::1"}


def may_bind(port: int) -> bool:
    """Whether permission is given; a port that somebody else has counts as given."""
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            if error.errno in (errno.EACCES, errno.EPERM):
                return False
            raise
    return True


def test_lowest_port(fact):
    """Which is the lowest port that this user may bind?

    POSIX bind: EACCES for an address that is protected; 1024 by tradition, 1 for root. Linux has
    net.ipv4.ip_unprivileged_port_start, which Docker sets to 0 in its containers since 20.10 (ip(7)); FreeBSD has
    net.inet.ip.portrange.reservedhigh (ip(4)); macOS since 10.14 lets everybody bind low ports on 0.0.0.0, as here, but
    not on a specific address.
    """
    lowest, highest = 1, 1024
    while lowest < highest:
        middle = (lowest + highest) // 2
        if may_bind(middle):
            highest = middle
        else:
            lowest = middle + 1
    fact("bind.lowest_port", lowest)


def test_address_that_is_not_there(fact):
    """What does bind() say of an address that no interface has?

    POSIX bind: EADDRNOTAVAIL. Linux binds it all the same with net.ipv4.ip_nonlocal_bind=1 (ip(7)); without IPv6 the
    family itself is refused.
    """
    for family, address in ABSENT.items():
        fact(f"bind.absent_address_{family}", can_bind(address) or "ok")


def test_longest_unix_socket_path(fact):
    """How many bytes may the path of a Unix domain socket have?

    POSIX sys/un.h leaves the size of sun_path open, 92 to 108 bytes are usual. Linux 108 (unix(7)), the BSDs and macOS
    104 (unix(4)), NUL included: a control socket below a long TMPDIR, as macOS has, fails there.
    """
    fact("unix.longest_path", next(length for length in range(255, 0, -1) if can_bind_path("s" * length)))


def can_bind_path(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(path)
        except OSError:
            return False
    return True
