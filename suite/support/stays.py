"""Clients that the server has ended and that stay: whether it has let go of them."""

import select
import socket

from support.chat import Client
from support.deadline import Deadline, wait_until

LET_GO_SECONDS = 10.0
RESET_SECONDS = 0.1
"""From the end of a connection to a reset behind it, which comes at once where it comes."""


def wait_let_go(client: Client) -> None:
    """Wait until no process of the server holds the connection any more. Raises TimeoutError.

    What is sent to a socket that nobody has open is answered with RST (RFC 9293 3.10.7.1), also when it was shut down
    before; as long as one process has it, the kernel takes it.
    """
    wait_until(lambda: _is_refused(client), "the server to let go of a client that stays", LET_GO_SECONDS)


def ended_without_reset(client: Client) -> bool:
    """Wait for the end of the server's side; whether no reset came instead of it, nor comes behind it.

    Behind it that is an error of the socket which reading does not show (POSIX SO_ERROR). Raises TimeoutError.
    """
    client.socket.settimeout(Deadline(client.seconds).seconds)
    try:
        if client.socket.recv(1):
            return False
    except ConnectionResetError:
        return False
    poller = select.poll()
    poller.register(client.socket, 0)
    poller.poll(RESET_SECONDS * 1000)
    return client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def _is_refused(client: Client) -> bool:
    try:
        client.socket.send(b"x")
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False
