"""Many clients at once, and clients that do not read."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from support.address import WILDCARDS
from support.chat import Client, Refused
from support.deadline import Deadline
from support.net import CONNECT_SECONDS, family_of
from support.server import Server

FEW = 4
CHATTER = (b"chatter " + b"y" * 1000 + b"\n") * 16
HISTORY_LINE = b"<old> " + b"x" * 4000 + b"\n"


@contextmanager
def crowd(server: Server, count: int, since: int | str = "end") -> Iterator[list[Client]]:
    """`count` welcomed clients, c0, c1, …; skips where the platform allows the server too few processes."""
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(server.connect())) for _ in range(count)]
        for number, client in enumerate(clients):
            client.send_raw(f"HELLO {server.key} c{number} {since}\n".encode())
        for number, client in enumerate(clients):
            try:
                client.welcomed()
            except Refused as refused:
                if refused.reason != "busy" or number < FEW:
                    raise
                pytest.skip(f"the server could fork for {number} clients only, {count} are needed (ERR busy)")
        yield clients


def lazy_client(server: Server, name: str = "lazy", since: int = 0) -> Client:
    """A client that said HELLO, has a small receive buffer and reads only when told to."""
    bound = server.addresses[0].host
    host = WILDCARDS.get(bound, bound)
    peer = socket.socket(family_of(host), socket.SOCK_STREAM)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # before connect: it limits the window
    peer.settimeout(CONNECT_SECONDS)
    client = Client(peer)
    try:
        peer.connect((host, server.port))
        return client.hello(server.key, name, since)
    except BaseException:
        client.close()
        raise


def write_history(log: Path, megabytes: int) -> bytes:
    """Make a log of so many megabytes, whole records only; its bytes."""
    history = HISTORY_LINE * (megabytes * 1_000_000 // len(HISTORY_LINE))
    log.touch(mode=0o600)
    log.write_bytes(history)
    return history


def chatter(client: Client) -> None:
    """Say some more, unless the server has not yet taken what was said before; never waits."""
    client.socket.settimeout(0)
    with suppress(BlockingIOError):
        client.socket.send(CHATTER)


def say_all_at_once(client: Client, key: str, name: str = "joining") -> None:
    """HELLO for the whole history, and nothing more to say: the server sends what the log holds and closes."""
    client.send_raw(f"HELLO {key} {name} 0\n".encode())
    client.socket.shutdown(socket.SHUT_WR)


def read_bytes(client: Client, count: int, seconds: float = 20.0) -> bytes:
    """The next `count` bytes of the stream, or fewer when the server closes. Raises TimeoutError that counts them."""
    deadline = Deadline(seconds)
    pieces = [client._received[:count]]  # what came with the line that was asked for last
    client._received = client._received[count:]
    count -= len(pieces[0])
    while count:
        client.socket.settimeout(deadline.left() or 0.001)
        try:
            piece = client.socket.recv(min(count, 65536))
        except TimeoutError:
            got = sum(map(len, pieces))
            raise TimeoutError(f"{got} bytes came in {deadline.seconds:g} s, {count} more were expected") from None
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def read_to_end(client: Client, seconds: float = 10.0) -> bytes:
    """What still comes until the server closes, as it is on the wire. Raises TimeoutError."""
    return read_bytes(client, sys.maxsize, seconds)
