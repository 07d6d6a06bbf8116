"""A network in which ::1 is the only address of IPv6, and IPv4 has another one than those of loopback."""

import os
import socket
import struct
import sys

from support.proc import PROC

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFADDR, SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8913, 0x8914, 1
"""netdevice(7)."""
ADDRESS = "192.0.2.1"
"""For documentation, RFC 5737."""


def enter() -> str | None:
    """This process, for good, and all that it starts: network_namespaces(7). None, or why that is not possible.

    The address is one of loopback's interface: AI_ADDRCONFIG asks what an address is, and not where.
    """
    if sys.platform != "linux":
        return f"{sys.platform} has no network namespaces"
    try:
        _unshare()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            _bring_up(any_socket)
    except ImportError:  # a Python may be built without it
        return "this Python has no ctypes or no fcntl"
    except OSError as error:
        return f"{error.filename or 'ioctl'}: {error.strerror}"
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as error:
            return f"no ::1 in a network of its own: {error.strerror}"
    return None


def _unshare() -> None:
    """Raises OSError."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNET if uid == 0 else CLONE_NEWUSER | CLONE_NEWNET) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "unshare")
    if uid != 0:  # the same user as before (user_namespaces(7)), who may do everything here until exec
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            (PROC / "self" / name).write_text(text)


def _bring_up(any_socket: socket.socket) -> None:
    """Raises OSError."""
    import fcntl

    flags = struct.unpack("16sh", fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
    address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(ADDRESS))
    fcntl.ioctl(any_socket, SIOCSIFADDR, address)
