"""Contracts: the subject's own client program against its server (chat/PROTOCOL.md, "Command line")."""

import secrets

from support.marks import alone, speaks_chat
from support.program import run_client

pytestmark = speaks_chat


def test_piped_lines_come_back(start_server):
    """Lines piped into the client come back as records on stdout, in order; it ends with exit status 0.

    chat/PROTOCOL.md, Command line. EOF on stdin is not the end: the client waits for everything up to its own last
    message, then leaves.
    """
    server = start_server()
    ended = run_client(start_server, server, "--name", "ada", given="one\n\ngrüße\n")
    assert ended.stdout == "<ada> one\n<ada> \n<ada> grüße\n"
    assert ended.returncode == 0, ended.stderr


def test_client_shows_the_history_first(start_server):
    """A client that comes later prints what was said before, then its own; with `--since end` its own alone.

    chat/PROTOCOL.md, Command line. A client that waits for stdin before it reads the socket, or the other way round,
    hangs here.
    """
    server = start_server()
    with server.client(name="ada") as ada:
        ada.send("before")
        assert ada.finish() == ["before"]
    assert run_client(start_server, server, "--name", "bob", given="after\n").stdout == "<ada> before\n<bob> after\n"
    ended = run_client(start_server, server, "--name", "eve", "--since", "end", given="last\n")
    assert ended.stdout == "<eve> last\n"


def test_client_with_another_key_is_refused(start_server, work):
    """A wrong key ends the client with exit status 3 and the server's reason on stderr, at once.

    chat/PROTOCOL.md, Command line: the client's exit statuses. Another hundred tries would get the same answer, and
    would take minutes.
    """
    server = start_server()
    other = work / "other-key"
    other.touch(mode=0o600)
    other.write_text(secrets.token_hex(64) + "\n")
    ended = run_client(start_server, server, "--name", "ada", "--retries", "100", given="one\n", key_file=other)
    assert ended.returncode == 3, ended.stderr
    assert "bad-key" in ended.stderr
    assert (ended.stdout, server.log.read_bytes()) == ("", b"")


@alone  # another server may come to have the port
def test_client_without_server_gives_up(start_server):
    """A client that nobody answers says so and ends with exit status 1 once its tries are used up.

    chat/PROTOCOL.md, Command line: the client's exit statuses. connect(2) gives ECONNREFUSED on loopback, but FreeBSD
    with net.inet.tcp.blackhole gives nothing at all (blackhole(4)).
    """
    server = start_server()
    assert server.stop() == 0
    ended = run_client(start_server, server, "--name", "ada", "--retries", "1", given="one\n")
    assert ended.returncode == 1
    assert ended.stderr
