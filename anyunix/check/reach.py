"""Which addresses of a server answer, and how the others do not: judged by connecting to each."""

import errno
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, TypeVar, cast

from anyunix.check.abreast import abreast
from anyunix.errors import ConfigurationError, PlatformError

ReachOutcome = Literal["answered", "refused", "timed out", "unreachable", "reset"]
Family = Literal["IPv4", "IPv6", "local"]
"""`local`: a socket of this machine, AF_UNIX."""
FAMILIES: tuple[Family, ...] = ("IPv4", "IPv6")
"""Those of names."""
TRIES = 5
OUTCOMES: dict[int, ReachOutcome] = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.ETIMEDOUT: "timed out",
}

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class HostPort:
    """Where a server is to be found: a name or an address, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return shown(self.host, self.port)


@dataclass(frozen=True)
class Timing:
    """Several measurements of one thing, in milliseconds."""

    milliseconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Where there are any."""
        return median(self.milliseconds)

    def __str__(self) -> str:
        low, high = min(self.milliseconds), max(self.milliseconds)
        return f"{self.median:.1f} ms ({low:.1f} to {high:.1f}, {len(self.milliseconds)} times)"


NO_TIMING = Timing(())


@dataclass(frozen=True)
class Reach:
    """What became of connections to one address."""

    address: str
    outcome: ReachOutcome
    error: str = ""
    """The system's own words; empty when it answered."""
    connect: Timing = NO_TIMING
    failed_ms: float = 0.0
    """How long it took to fail."""

    @property
    def family(self) -> Family:
        return family_of(self.address)

    @property
    def answered(self) -> bool:
        return self.outcome == "answered"


def parse_host_port(text: str) -> HostPort:
    """`HOST:PORT`, `[v6]:PORT`. Raises ConfigurationError."""
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ConfigurationError(f"{text}: an IPv6 address goes into brackets: [{host}]:{port}, or [{text}]:PORT")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"{text}: expected HOST:PORT, with a port from 1 to 65535")
    return HostPort(host, int(port))


def addresses_of(host: str) -> list[str]:
    """Every address of a name, in getaddrinfo's order, each once. Raises PlatformError when it has none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", "") or error
        raise PlatformError(f"the name {host!r} has no address here: {why}") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def literal(text: str) -> str:
    """A numeric address. Raises ConfigurationError."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise ConfigurationError(f"--also {text}: expected an IPv4 or IPv6 address") from None
    return text


def reach_all(addresses: Sequence[str], port: int, seconds: float) -> list[Reach]:
    """All of them at once, so that those that never answer cost their time limit once."""
    return side_by_side(lambda address: reach(address, port, seconds), addresses)


def reach(address: str, port: int, seconds: float) -> Reach:
    """Connect to one address; several times when it answers, for the time it takes."""
    took: list[float] = []
    for _ in range(TRIES):
        begun = time.monotonic()
        try:
            connect(address, port, seconds).close()
        except OSError as error:
            if took:
                break  # it did answer: what it does under many connections is another question
            failed = (time.monotonic() - begun) * 1000
            return Reach(address, outcome_of(error), error.strerror or str(error), failed_ms=failed)
        took.append((time.monotonic() - begun) * 1000)
    return Reach(address, "answered", connect=Timing(tuple(took)))


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """A connected socket with `seconds` as its timeout. A path is the address of a local socket. Raises OSError."""
    if address.startswith("/"):
        peer, where = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), address
    else:
        peer, where = numeric(address, port, socket.SOCK_STREAM)
    peer.settimeout(seconds)
    try:
        peer.connect(where)
    except OSError:
        peer.close()
        raise
    return peer


def numeric(address: str, port: int, kind: socket.SocketKind) -> tuple[socket.socket, Any]:
    """A socket for a numeric address, and what to connect or send it to. Raises OSError."""
    family, kind, protocol, _, where = socket.getaddrinfo(address, port, type=kind, flags=socket.AI_NUMERICHOST)[0]
    return socket.socket(family, kind, protocol), where


def outcome_of(error: OSError) -> ReachOutcome:
    """How a connection failed: a time limit of this program's own is `timed out` as well."""
    if isinstance(error, TimeoutError):
        return "timed out"
    return OUTCOMES.get(error.errno or 0, "unreachable")


def family_of(address: str) -> Family:
    return "local" if address.startswith("/") else "IPv6" if ":" in address else "IPv4"


def shown(address: str, port: int) -> str:
    """`127.0.0.1:80`, `[::1]:80`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def side_by_side(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`work` of each item, all at once."""
    return cast("list[R]", abreast(work, items))  # without a deadline none is missing
