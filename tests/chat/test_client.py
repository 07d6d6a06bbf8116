"""The clients of chat/PROTOCOL.md: each with each server, and with a server that does what real ones seldom do."""

from __future__ import annotations

import os
import pty
import select
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Peer, Program, Server

    Start = Callable[..., Program]
    StartServer = Callable[..., Server]
    Connect = Callable[..., Peer]
    StartClient = Callable[..., Program]

DEADLINE = 10.0


class Connection:
    """A client's connection to a Script."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over *connection*."""
        self._socket = connection
        self._socket.settimeout(DEADLINE)
        self._stream = connection.makefile("rb")

    def line(self) -> bytes:
        """Return the next line with its LF; empty at EOF."""
        return self._stream.readline()

    def answer(self, data: bytes) -> None:
        """Send *data*."""
        self._socket.sendall(data)

    def half_closed(self) -> None:
        """Wait for the client's EOF, which nothing may precede, and close."""
        assert self.line() == b""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._socket.close()


class Script:
    """A server that does what the test says, connection after connection."""

    def __init__(self, listener: socket.socket) -> None:
        """Take connections from *listener*."""
        self._listener = listener
        self._listener.settimeout(DEADLINE)
        self.port: int = listener.getsockname()[1]

    def accept(self, since: str, answer: bytes) -> Connection:
        """Accept a client, expect that its HELLO asks for *since*, and *answer*."""
        connection = Connection(self._listener.accept()[0])
        assert connection.line().decode().split(" ")[3] == f"{since}\n"
        connection.answer(answer)
        return connection

    def is_wanted(self, client: Program) -> bool:
        """Wait until *client* connects or ends; say whether it connects."""
        stdout = client.process.stdout
        assert stdout is not None
        ready = select.select([self._listener.fileno(), stdout.fileno()], [], [], DEADLINE)[0]
        assert ready, "waited for the client to connect again or to end"
        return self._listener.fileno() in ready


@pytest.fixture
def script() -> Iterator[Script]:
    """A server by script on a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Script(listener)


@pytest.fixture
def terminal() -> Iterator[Callable[[], tuple[int, int]]]:
    """Open a pseudo terminal: the descriptor of its keyboard and the one of the terminal."""
    opened: list[int] = []

    def new() -> tuple[int, int]:
        pair = pty.openpty()
        opened.extend(pair)
        return pair

    yield new
    for descriptor in opened:
        os.close(descriptor)


@pytest.fixture
def start_client(start: Start, client_argv: list[str], key_file: Path) -> StartClient:
    """Start a client of 127.0.0.1."""

    def started(port: int, *options: str, **popen: object) -> Program:
        return start([*client_argv, "--key-file", str(key_file), *options, "127.0.0.1", str(port)], **popen)

    return started


def test_piped_lines(start_server: StartServer, start_client: StartClient) -> None:
    """Lines from a pipe are stored, in order and under the name given, come back, and the status is 0."""
    server = start_server()
    finished = start_client(server.port, "--name", "ada").finish("hello\n\nwörld, no LF".encode())
    expected = "<ada> hello\n<ada> \n<ada> wörld, no LF\n"
    assert finished == (0, expected, "")
    assert server.log.read_text() == expected


def test_since(start_server: StartServer, start_client: StartClient, connect: Connect) -> None:
    """--since 0 is everything, an offset what is behind it, end only what comes from now on."""
    server = start_server()
    peer = connect(server.port)
    for text in ("one", "two"):
        peer.say(text)
        assert peer.line() == f"<peer> {text}\n"
    offset = str(len("<peer> one\n"))
    assert start_client(server.port).finish(b"") == (0, "<peer> one\n<peer> two\n", "")
    assert start_client(server.port, "--since", offset).finish(b"") == (0, "<peer> two\n", "")
    assert start_client(server.port, "--since", "end", "--name", "ada").finish(b"x\n") == (0, "<ada> x\n", "")


def test_since_inside_a_record(start_server: StartServer, start_client: StartClient, connect: Connect) -> None:
    """An offset inside a record is refused by the server: status 3, its reason on stderr."""
    server = start_server()
    peer = connect(server.port)
    peer.say("one")
    peer.line()
    finished = start_client(server.port, "--since", "1").finish(b"")
    assert (finished.status, finished.out) == (3, "")
    assert "bad-since" in finished.err


def test_wrong_key(start_server: StartServer, start_client: StartClient, key_file: Path) -> None:
    """Another key: status 3, the server's reason on stderr, no second try."""
    server = start_server()
    key_file.write_text("f" * 128)
    finished = start_client(server.port).finish(b"hello\n")
    assert (finished.status, finished.out) == (3, "")
    assert "bad-key" in finished.err
    assert server.log.read_text() == ""


def test_bad_text(start_server: StartServer, start_client: StartClient) -> None:
    """A line that the server refuses: what came before it is stored and shown, then status 3."""
    server = start_server()
    finished = start_client(server.port, "--name", "ada").finish(b"good\nb\x07d\nnever\n")
    assert (finished.status, finished.out) == (3, "<ada> good\n")
    assert "bad-text" in finished.err
    assert server.log.read_text() == "<ada> good\n"


def test_nobody_listens(start_client: StartClient) -> None:
    """A server that cannot be reached, not at the last retry either: status 1."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        finished = start_client(bound.getsockname()[1], "--retries", "1").finish(b"")
    assert (finished.status, finished.out) == (1, "")
    assert "refused" in finished.err


def test_restarted_server(start_server: StartServer, start_client: StartClient, connect: Connect) -> None:
    """A client whose server is restarted on the same port goes on where it was: nothing lost, nothing twice."""
    server = start_server()
    client = start_client(server.port, "--name", "ada", "--retries", "20")
    client.type("one\n")
    assert client.line() == "<ada> one\n"
    assert server.stop().status == 0
    server = start_server("--port", str(server.port))
    peer = connect(server.port, "end")
    peer.say("meanwhile")
    assert peer.line() == "<peer> meanwhile\n"
    assert client.line() == "<peer> meanwhile\n"
    client.type("two\n")
    assert client.line() == "<ada> two\n"
    finished = client.finish()
    assert (finished.status, finished.out) == (0, "")
    assert server.log.read_text() == "<ada> one\n<peer> meanwhile\n<ada> two\n"


def test_ten_thousand_lines(start_server: StartServer, start_client: StartClient) -> None:
    """Both directions full at once: each line comes back, once and in order."""
    server = start_server()
    lines = [f"{number} {'x' * 100}" for number in range(10000)]
    finished = start_client(server.port, "--name", "ada").finish("\n".join(lines).encode())
    assert finished == (0, "".join(f"<ada> {line}\n" for line in lines), "")


def test_terminals(
    start_server: StartServer, start_client: StartClient, terminal: Callable[[], tuple[int, int]]
) -> None:
    """Two users at terminals see each other's lines; Ctrl-D leaves with status 0."""
    server = start_server()
    users = []
    for name in ("ada", "bob"):
        keyboard, stdin = terminal()
        users.append((name, keyboard, start_client(server.port, "--name", name, stdin=stdin)))
    for name, keyboard, _ in users:
        os.write(keyboard, f"{name} was here\n".encode())
        assert [client.line() for _, _, client in users] == [f"<{name}> {name} was here\n"] * 2
    for _, keyboard, client in users:
        os.write(keyboard, b"\x04")
        assert client.finish().status == 0


def test_control_characters(script: Script, start_client: StartClient) -> None:
    """What could drive the terminal is shown as ?: C0, DEL, C1, bytes that are not UTF-8."""
    client = start_client(script.port, stdin=subprocess.DEVNULL)
    script.accept("0", b"OK 0\n<eve> \x1b[31mred\x07\x00\x7f\xff\xc2\x9b\r wide: \xe2\x82\xac\n").half_closed()
    assert client.finish() == (0, "<eve> ?[31mred?????? wide: €\n", "")


@pytest.mark.parametrize("reason", ["full", "busy", "timeout"])
def test_passing_refusal(script: Script, start_client: StartClient, reason: str) -> None:
    """full, busy and timeout are worth another try."""
    client = start_client(script.port, stdin=subprocess.DEVNULL)
    script.accept("0", f"ERR {reason}\n".encode()).close()
    script.accept("0", b"OK 0\n<eve> here\n").half_closed()
    finished = client.finish()
    assert (finished.status, finished.out) == (0, "<eve> here\n")


def test_lasting_refusal(script: Script, start_client: StartClient) -> None:
    """Any other reason is not: status 3, the reason on stderr."""
    client = start_client(script.port, stdin=subprocess.DEVNULL)
    script.accept("0", b"ERR bad-name\n").close()
    finished = client.finish()
    assert (finished.status, finished.out) == (3, "")
    assert "bad-name" in finished.err


def test_torn_record_and_half_a_record(script: Script, start_client: StartClient) -> None:
    """A record torn in the log is counted and not shown; half a record from a lost connection is asked for again."""
    client = start_client(script.port)
    script.accept("0", b"OK 0\n<a> torn\x18\n<a> one\n<a> tw").close()
    connection = script.accept("18", b"OK 18\n<a> two\n")
    client.close_stdin()
    connection.half_closed()
    finished = client.finish()
    assert (finished.status, finished.out) == (0, "<a> one\n<a> two\n")


def test_unconfirmed_message(script: Script, start_client: StartClient) -> None:
    """A message that was sent but never seen is not sent again; it is named on stderr, and the status is 1."""
    client = start_client(script.port, "--name", "ada")
    client.type("precious\n")
    connection = script.accept("0", b"OK 0\n")
    assert connection.line() == b"precious\n"
    connection.close()
    client.close_stdin()
    while script.is_wanted(client):
        script.accept("0", b"OK 0\n").half_closed()
    finished = client.finish()
    assert (finished.status, finished.out) == (1, "")
    assert "precious" in finished.err
