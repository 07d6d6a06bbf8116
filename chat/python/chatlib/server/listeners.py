"""Listening sockets, by bind mode.

IPV6_V6ONLY is off by default on Linux (ipv6(7)) and on by default on FreeBSD and NetBSD (inet6(4)), so every mode
but `first` sets it explicitly. socket.create_server is not used: it chooses IPV6_V6ONLY itself.
"""

from __future__ import annotations

import errno
import os
import socket

from chatlib.common.errors import ServiceError, reason

TYPE_CHECKING = False
if TYPE_CHECKING:  # type checkers take it for typing.TYPE_CHECKING; to import typing takes longer than all else here
    from typing import Any

    Candidate = tuple[int, tuple[Any, ...]]
    """An address family and the address to bind, in the form that getaddrinfo gives it."""

# How socket and bind fail on a system, or in a container, that has no IPv6 or no IPv4.
_FAMILY_MISSING = (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EADDRNOTAVAIL)
# dual with port 0 needs one port that is free in both families: how often to take another one.
_PORT_ATTEMPTS = 50


class CannotListenError(ServiceError):
    """socket, bind or listen failed; says where and why."""

    def __init__(self, candidate: Candidate, error: OSError) -> None:
        """Keep the error number of *error*."""
        super().__init__(f"cannot listen on {_spell(*candidate)}: {reason(error)}")
        self.errno = error.errno


def open_listeners(mode: str, host: str | None, port: int) -> list[socket.socket]:
    """Return the non-blocking listeners of *mode* (dual, ipv4, ipv6, first); ServiceError when there is none."""
    if mode == "first":
        return [_first_that_binds(_resolve(host, port, socket.AF_UNSPEC))]
    ipv4 = (socket.AF_INET, ("0.0.0.0", port))
    ipv6 = (socket.AF_INET6, ("::", port, 0, 0))
    if mode == "ipv4":
        return [_listen(_resolve(host, port, socket.AF_INET)[0] if host else ipv4)]
    if mode == "ipv6":
        return [_listen(_resolve(host, port, socket.AF_INET6)[0] if host else ipv6)]
    return _dual(_one_each(_resolve(host, port, socket.AF_UNSPEC)) if host else [ipv4, ipv6], port)


def bound_address(listener: socket.socket) -> str:
    """Return where *listener* listens, as the ready line has it: `0.0.0.0:40713`, `[::]:40713`."""
    return _spell(listener.family, listener.getsockname())


def _resolve(host: str | None, port: int, family: int) -> list[Candidate]:
    """Return what getaddrinfo(3) has for *host*, in its order; ServiceError when it has nothing."""
    # Bytes, because Python would encode a str with its slow idna codec.
    name = None if host is None else os.fsencode(host)
    try:
        found = socket.getaddrinfo(name, port, family, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise ServiceError(f"cannot find an address of {host}: {reason(error)}") from None
    return [(result[0], result[4]) for result in found]


def _one_each(candidates: list[Candidate]) -> list[Candidate]:
    """Return the first candidate of IPv4 and the first one of IPv6, as far as there are any."""
    first: dict[int, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate[0], candidate)
    return [first[family] for family in (socket.AF_INET, socket.AF_INET6) if family in first]


def _first_that_binds(candidates: list[Candidate]) -> socket.socket:
    """Return a listener on the first of *candidates* that binds, IPV6_V6ONLY left as the system has it."""
    failure: ServiceError = ServiceError("cannot listen: getaddrinfo gave no address")
    for candidate in candidates:
        try:
            return _listen(candidate, set_v6only=False)
        except CannotListenError as error:
            failure = error
    raise failure


def _dual(candidates: list[Candidate], port: int) -> list[socket.socket]:
    """Return a listener on each of *candidates*, all on one port; CannotListenError."""
    for _ in range(_PORT_ATTEMPTS):
        try:
            return _listen_on_each(candidates)
        except CannotListenError as error:
            if port != 0 or error.errno != errno.EADDRINUSE:
                raise
            # The free port of one family is taken in the other: take another one.
    raise ServiceError("cannot listen: found no port that is free for both IPv4 and IPv6")


def _listen_on_each(candidates: list[Candidate]) -> list[socket.socket]:
    """Listen on *candidates*, but for those whose family the system lacks; CannotListenError when none is left."""
    listeners: list[socket.socket] = []
    lacking: CannotListenError | None = None
    for family, address in candidates:
        port = listeners[0].getsockname()[1] if listeners else address[1]
        try:
            listeners.append(_listen((family, (address[0], port, *address[2:]))))
        except CannotListenError as error:
            if error.errno not in _FAMILY_MISSING:
                for listener in listeners:
                    listener.close()
                raise
            lacking = error
    if lacking is not None and not listeners:
        raise lacking
    return listeners


def _listen(candidate: Candidate, *, set_v6only: bool = True) -> socket.socket:
    family, address = candidate
    listener: socket.socket | None = None
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if set_v6only and family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
        listener.setblocking(False)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise CannotListenError(candidate, error) from None
    return listener


def _spell(family: int, address: tuple[Any, ...]) -> str:
    try:
        host, port = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    except OSError:
        host, port = str(address[0]), str(address[1])
    return f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}"
