"""Clients that behave badly, on purpose, at a server that runs: what becomes of them, and of the next one."""

import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass

from anyunix.check.dialer import Dialer
from anyunix.check.exchange import ANSWER_BYTES, Exchange, Reply, answer_of, receive
from anyunix.check.reach import connect

NONSENSE = b"\0" * 64 + b"A" * 70000
"""No protocol's first line: NUL, and more than 64 KiB without an end."""
HALF = b"anyunix"
"""Half of a line, where the exchange has none to halve."""


@dataclass(frozen=True)
class Rude:
    """One bad client of one address."""

    address: str
    client: str
    became: str
    """What the server did to it."""
    next_one: Reply
    """What a client got that came after it, or while it was there."""


def be_rude(exchange: Exchange, dialer: Dialer, address: str) -> list[Rude]:
    """A half-open client, one that talks nonsense, and one that resets, all below TLS.

    A server that is gone is an answer, too.
    """
    found = []
    for client, behave in CLIENTS.items():
        try:
            with connect(address, dialer.port, dialer.seconds) as peer:
                behave(peer, exchange)
                meanwhile = answer_of(exchange, dialer, address)
                became = "gone" if peer.fileno() == -1 else _became(peer, dialer.seconds)
        except OSError as error:
            became, meanwhile = f"not let in: {error.strerror or error}", answer_of(exchange, dialer, address)
        found.append(Rude(address, client, became, meanwhile))
    return found


def _half(exchange: Exchange) -> bytes:
    request = exchange.request.rstrip(b"\n")
    return request[: len(request) // 2] or HALF


def _half_open(peer: socket.socket, exchange: Exchange) -> None:
    peer.sendall(_half(exchange))
    peer.shutdown(socket.SHUT_WR)


def _nonsense(peer: socket.socket, exchange: Exchange) -> None:
    with suppress(OSError):  # it may close in the middle of it
        peer.sendall(NONSENSE)


def _reset(peer: socket.socket, exchange: Exchange) -> None:
    peer.sendall(_half(exchange))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def _became(peer: socket.socket, seconds: float) -> str:
    """Answered or not, closed or still open when the time is over."""
    until = time.monotonic() + seconds
    count = 0
    try:
        while piece := receive(peer, until):
            count += len(piece)
            if count > ANSWER_BYTES:
                return f"answered, more than {ANSWER_BYTES} bytes"
    except TimeoutError:
        return f"{_answered(count)}, still open after {seconds:g} s"
    except OSError:
        return f"{_answered(count)}, reset"
    return f"{_answered(count)}, closed"


def _answered(count: int) -> str:
    return f"answered with {count} bytes" if count else "not answered"


CLIENTS = {
    "half-open: half a request, then EOF": _half_open,
    "nonsense: NUL and 70,000 bytes": _nonsense,
    "reset: half a request, then RST": _reset,
}
