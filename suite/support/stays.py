"""Clients that the server has ended and that stay: whether it has let go of them."""

from support.chat import Client
from support.deadline import wait_until

LET_GO_SECONDS = 10.0


def wait_let_go(client: Client) -> None:
    """Wait until no process of the server holds the connection any more. Raises TimeoutError.

    What is sent to a socket that nobody has open is answered with RST (RFC 9293 3.10.7.1), also when it was shut down
    before; as long as one process has it, the kernel takes it.
    """
    wait_until(lambda: _is_refused(client), "the server to let go of a client that stays", LET_GO_SECONDS)


def _is_refused(client: Client) -> bool:
    try:
        client.socket.send(b"x")
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False
