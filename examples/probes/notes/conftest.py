"""What the probes of this folder share."""

import socket
from collections.abc import Iterator

import pytest

from support.server import Server


@pytest.fixture
def client(server: Server) -> Iterator[socket.socket]:
    """A client of the server, connected."""
    with server.connect() as connection:
        yield connection
