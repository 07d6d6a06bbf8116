"""How a client of one server gets a connection."""

import socket
from dataclasses import dataclass

from anyunix.check.reach import connect
from anyunix.check.tls import TlsClient


@dataclass(frozen=True)
class Dialer:
    """To a port of any address, with TLS or without."""

    port: int
    seconds: float
    """For each connection, and for each answer."""
    tls: TlsClient | None = None

    def dial(self, address: str) -> socket.socket:
        """A connected socket, TLS with whatever certificate. Raises OSError."""
        peer = connect(address, self.port, self.seconds)
        if self.tls is None:
            return peer
        try:
            return self.tls.over(peer)
        except BaseException:
            peer.close()
            raise
