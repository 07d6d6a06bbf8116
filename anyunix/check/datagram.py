"""A datagram to one address, and the reply from that address: or why there is none."""

import ipaddress
import math
import select
import socket
import time
from dataclasses import dataclass
from typing import Any

from anyunix.check.exchange import ANSWER_BYTES, Reply, Request, first_words
from anyunix.check.reach import Reach, numeric, outcome_of, shown
from anyunix.text import UNSAFE

BINARY = "an answer of bytes"
AGAIN, GRACE = 1.0, 1.0
"""Seconds until it is sent again, and for the right reply once another one came."""


@dataclass(frozen=True)
class DatagramReply:
    """What became of one address."""

    reach: Reach
    answer: Reply


def ask(request: Request, address: str, port: int, seconds: float) -> DatagramReply:
    """Send it, and once again: datagrams get lost.

    The first socket is connected, because it alone hears of ICMP's errors (udp(7)), and hears nobody else. The second
    time one that hears everybody sends it, too: a server with several addresses may answer from another one.
    """
    begun = time.monotonic()
    asked = _Asked(request, address, port, begun + seconds)
    try:
        connected, where = numeric(address, port, socket.SOCK_DGRAM)
        with connected, numeric(address, port, socket.SOCK_DGRAM)[0] as unconnected:
            connected.connect(where)
            connected.send(request.request)
            if not asked.heard([connected], begun + min(seconds / 2, AGAIN)):
                connected.send(request.request)
                unconnected.sendto(request.request, where)
                asked.heard([connected, unconnected])
    except OSError as error:
        failed = (time.monotonic() - begun) * 1000
        outcome, said = outcome_of(error), error.strerror or str(error)
        return DatagramReply(Reach(address, outcome, said, failed_ms=failed), Reply(False, outcome))
    return asked.became(seconds)


class _Asked:
    """The replies that come to one question."""

    def __init__(self, request: Request, address: str, port: int, until: float) -> None:
        self._request, self._address, self._port, self._until = request, address, port, until
        self._begun = time.monotonic()
        self._reply: Reply | None = None
        self._other = ""
        self._stranger = ""

    def heard(self, sockets: list[socket.socket], until: float = math.inf) -> bool:
        """Whether what was asked for came until then. Raises OSError."""
        while self._reply is None and (left := min(until, self._until) - time.monotonic()) > 0:
            for peer in select.select(sockets, [], [], left)[0]:
                data, source = peer.recvfrom(ANSWER_BYTES)
                self._take(data, source)
        return self._reply is not None

    def _take(self, data: bytes, source: Any) -> None:
        self._until = min(self._until, time.monotonic() + GRACE)
        here = ipaddress.ip_address(source[0].partition("%")[0])
        if (here, source[1]) != (ipaddress.ip_address(self._address.partition("%")[0]), self._port):
            self._stranger = shown(str(here), source[1])
        elif found := self._request.expected.search(data):
            binary = UNSAFE.search(data.decode("latin-1").replace("\r", "").strip())
            said = BINARY if binary else first_words(data)
            self._reply = self._request.reply(found, said, (time.monotonic() - self._begun) * 1000)
        else:
            self._other = self._request.instead(data)

    def became(self, seconds: float) -> DatagramReply:
        if self._reply:
            return DatagramReply(Reach(self._address, "answered"), self._reply)
        if self._other:
            return DatagramReply(Reach(self._address, "answered"), Reply(False, self._other))
        if self._stranger:
            said = (
                f"the reply came from {self._stranger}, which clients do not take: a server with several addresses "
                "binds each, or sends from the one that was asked (IP_PKTINFO)"
            )
            return DatagramReply(Reach(self._address, "answered"), Reply(False, said))
        said = "no reply: lost, filtered, or the server does not answer this request"
        reach = Reach(self._address, "timed out", said, failed_ms=seconds * 1000)
        return DatagramReply(reach, Reply(False, f"nothing within {seconds:g} s: {said}"))
