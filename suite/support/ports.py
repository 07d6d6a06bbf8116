"""A second socket on a port that another socket has."""

import socket
from collections.abc import Callable

from support.calls import outcome
from support.net import can_bind, family_of, listen, port_of

TRIES = 3
PORTS_TRIED = 20


def listen_beside(first: str, second: str, *, v6only: int | None = None, options: tuple[int, ...] = ()) -> str:
    """Listen on `first`, then on `second` with the same port: `ok`, or the errno of the second.

    `v6only` is for the IPv6 ones of them, `options` for both.
    """

    def attempt() -> str:
        with listen_with(first, 0, v6only, options) as listener:
            return outcome(listen_with, second, port_of(listener), v6only, options)

    return refused_every_time(attempt)


def listen_with(address: str, port: int, v6only: int | None, options: tuple[int, ...]) -> socket.socket:
    """`listen`, where IPV6_V6ONLY is left alone on IPv4."""
    return listen(address, port, v6only=v6only if family_of(address) == socket.AF_INET6 else None, options=options)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has, in either family. Somebody may take it at any time."""
    if kind == socket.SOCK_DGRAM:
        return _free_for_datagrams()
    for _ in range(PORTS_TRIED):
        with listen("0.0.0.0") as listener:
            port = port_of(listener)
            if can_bind("::") or outcome(listen_with, "::", port, 1, ()) == "ok":
                return port
    raise OSError(f"no port of {PORTS_TRIED} was free in both families")


def _free_for_datagrams() -> int:
    for _ in range(PORTS_TRIED):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
            first.bind(("0.0.0.0", 0))
            port = port_of(first)
            if can_bind("::") or outcome(_bound, "::", port) == "ok":
                return port
    raise OSError(f"no port of {PORTS_TRIED} was free in both families")


def _bound(address: str, port: int) -> socket.socket:
    """A socket of UDP, of one family alone. Raises OSError."""
    bound = socket.socket(family_of(address), socket.SOCK_DGRAM)
    try:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


def refused_every_time(attempt: Callable[[], str]) -> str:
    """The answer of a few attempts, each on a new port.

    A platform that refuses does so on every port. A stranger who happens to have the port in the other family, as
    another program's connection may, does not.
    """
    answers = []
    for _ in range(TRIES):
        answers.append(attempt())
        if answers[-1] == "ok":
            break
    return answers[-1]
