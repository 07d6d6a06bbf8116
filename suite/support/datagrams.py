"""A client of UDP that is not connected: answers come to it from wherever they are sent."""

import socket

from support.deadline import Deadline
from support.net import family_of

CARRIED_SECONDS = 0.5

MAPPED = "::ffff:"
"""What an IPv4 address is called on a socket of IPv6 (RFC 4291 2.5.5.2)."""


def carried(asked: str, own: str) -> bool:
    """Whether a datagram gets from an own address to the one that is asked, and back, and none is translated.

    Not from ::1 to another address: a server that answers by the interface which IPV6_PKTINFO named, as RFC 3542 has
    it, sends that to ::1 by the other address's interface, where Linux loses it.
    """
    if own == "::1" != asked:
        return False
    try:
        with _bound(asked) as server, _bound(own) as client:
            for sender, receiver in ((client, server), (server, client)):
                sender.sendto(b"?", receiver.getsockname())
                receiver.settimeout(Deadline(CARRIED_SECONDS).seconds)
                if receiver.recvfrom(1)[1] != sender.getsockname():
                    return False
    except OSError:
        return False
    return True


def _bound(address: str) -> socket.socket:
    bound = socket.socket(family_of(address), socket.SOCK_DGRAM)
    try:
        bound.bind((address, 0))
    except OSError:
        bound.close()
        raise
    return bound


class Asker(socket.socket):
    """It asks one address, and says who answered."""

    def __init__(self, asked: str, port: int, own: str = "") -> None:
        """`own` is the address that it asks from. Raises OSError."""
        super().__init__(family_of(asked), socket.SOCK_DGRAM)
        self.asked, self._port = asked, port
        self.answered_by: set[str] = set()
        try:
            if asked.startswith(MAPPED):
                self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            if own:
                self.bind((own, 0))
        except OSError:
            self.close()
            raise

    def sendall(self, data: "bytes | memoryview", *_: int) -> None:  # type: ignore[override]
        self.sendto(data, (self.asked, self._port))

    def recv(self, size: int, *_: int) -> bytes:
        """Raises TimeoutError, OSError."""
        data, (host, port, *_rest) = self.recvfrom(size)
        self.answered_by.add(host.partition("%")[0] if port == self._port else f"{host}, port {port}")
        return data
