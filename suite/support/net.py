"""Sockets of the probes: where they listen, who answers, which addresses this platform has."""

import errno
import socket
import struct
import time
from contextlib import closing

LOOPBACKS = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
CONNECT_SECONDS = 5.0
NEW_SYN_SECONDS = 0.05
"""For a SYN that found no room in a queue, before the next one goes out."""
NO_FAMILY = ("EAFNOSUPPORT", "EPROTONOSUPPORT")
"""What socket(2) says where the kernel has no such family: Linux the first, FreeBSD's jails without IPv6 the second."""
OF_TWO_NAMES = ("EAGAIN", "EDEADLK", "EOPNOTSUPP")
"""Errors whose number has a second name, which errno.errorcode gives on some systems."""


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def family_of(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connect(
    address: str, port: int, seconds: float = CONNECT_SECONDS, kind: socket.SocketKind = socket.SOCK_STREAM
) -> socket.socket:
    """A connected socket, of TCP unless a kind is given, to a numeric address (`fe80::1%eth0` too), with `seconds` as
    its timeout.

    Raises OSError with the address and port in its text.
    """
    info = socket.getaddrinfo(address, port, type=kind, flags=socket.AI_NUMERICHOST)[0]
    peer = socket.socket(info[0], info[1], info[2])
    peer.settimeout(seconds)
    try:
        peer.connect(info[4])
    except OSError as error:
        peer.close()
        raise type(error)(error.errno, f"{error.strerror or error}: {show(address, port)}") from None
    return peer


def reach(address: str, port: int, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """As `connect`, to a listener whose queue may have no room for a moment: another connection is tried after a while,
    which doubles. The kernel would send the SYN of the first one again after 1 s (RFC 6298 2.1).

    Raises OSError.
    """
    end, pause = time.monotonic() + seconds, NEW_SYN_SECONDS
    while True:
        left = max(end - time.monotonic(), NEW_SYN_SECONDS)
        try:
            peer = connect(address, port, min(pause, left))
        except TimeoutError as error:
            if error.errno is not None or left <= pause:
                raise
            pause *= 2
        else:
            peer.settimeout(seconds)
            return peer


def connects(address: str, port: int, seconds: float = CONNECT_SECONDS) -> bool:
    """Whether a TCP connection to `address` is accepted (judged by connecting, not by a listening table)."""
    return connect_error(address, port, seconds) is None


def connect_error(address: str, port: int, seconds: float = CONNECT_SECONDS) -> str | None:
    """None when a connection is accepted, else the name of the errno: `ECONNREFUSED`."""
    try:
        connect(address, port, seconds).close()
    except OSError as error:
        return errno_name(error)
    return None


def reach_error(address: str, port: int, seconds: float = CONNECT_SECONDS) -> str | None:
    """As connect_error, by `reach`."""
    try:
        reach(address, port, seconds).close()
    except OSError as error:
        return errno_name(error)
    return None


def show(address: str, port: int) -> str:
    """`127.0.0.1:80`, `[::1]:80`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def errno_name(error: OSError) -> str:
    """`EADDRINUSE`; `timeout` for a time limit of this process; getaddrinfo's errors by their EAI number."""
    if isinstance(error, TimeoutError) and error.errno is None:
        return "timeout"
    if isinstance(error, socket.gaierror):
        return next(
            (name for name in dir(socket) if name.startswith("EAI_") and getattr(socket, name) == error.errno),
            f"EAI {error.errno}",
        )
    preferred = (name for name in OF_TWO_NAMES if getattr(errno, name, None) == error.errno)
    return next(preferred, errno.errorcode.get(error.errno or 0, f"errno {error.errno}"))


def listen(
    address: str,
    port: int = 0,
    *,
    v6only: int | None = None,
    options: tuple[int, ...] = (),
    backlog: int = socket.SOMAXCONN,
) -> socket.socket:
    """A TCP listener made by hand: nothing is set that is not asked for.

    socket.create_server() and http.server set IPV6_V6ONLY themselves, which is what a probe measures.
    `options` are SOL_SOCKET options that are set to 1 before bind. Raises OSError.
    """
    listener = socket.socket(family_of(address), socket.SOCK_STREAM)
    try:
        if v6only is not None:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
        for option in options:
            listener.setsockopt(socket.SOL_SOCKET, option, 1)
        listener.bind((address, port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    listener.settimeout(CONNECT_SECONDS)
    return listener


def can_bind(address: str) -> str | None:
    """None when a socket can be bound to `address`, else the name of the errno."""
    try:
        with closing(socket.socket(family_of(address), socket.SOCK_STREAM)) as probe:
            probe.bind((address, 0))
    except OSError as error:
        return errno_name(error)
    return None


def reset(peer: socket.socket) -> None:
    """Close with a RST instead of a FIN: SO_LINGER with a time of 0 (POSIX setsockopt, close)."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
