"""Contracts: who may speak: the HELLO line and the answers to it (chat/PROTOCOL.md, "On the wire")."""

import socket

from support.chat import Client
from support.marks import explained_by, speaks_chat

pytestmark = speaks_chat


def test_own_message_comes_back(server):
    """HELLO is answered with OK and the offset of an empty log; a message comes back under its sender's name.

    chat/PROTOCOL.md, On the wire and The stream: the client's own records are sent to it like all others.
    """
    with server.client(name="ada") as client:
        assert client.offset == 0
        client.send("hello")
        record = client.record()
        assert (record.name, record.text) == ("ada", "hello")


def test_upper_case_key_is_accepted(server):
    """The key's hexadecimal digits count, not their case.

    chat/PROTOCOL.md, On the wire. isxdigit(3) and tolower(3) take an int in the range of unsigned char; with a signed
    char (POSIX leaves it open) a byte above 127 is undefined behaviour.
    """
    with server.client() as client, Client(server.connect()) as shouting:
        shouting.hello(server.key.upper())
        client.send("hello")
        assert shouting.receive() == "hello"


def test_key_that_differs_in_one_digit_is_refused(server):
    """A key with one wrong digit, even the last, is refused with ERR bad-key.

    chat/PROTOCOL.md, On the wire. The paper's server compared with strncmp over one read() that may be short: a prefix
    was enough.
    """
    for place in (0, 63, 127):
        digit = "0" if server.key[place] != "0" else "1"
        key = server.key[:place] + digit + server.key[place + 1 :]
        assert _answer(server, f"HELLO {key} ada 0\n") == "ERR bad-key", f"digit {place}"


def test_key_of_another_form_is_refused(server):
    """A key that is short, long, not hexadecimal, or missing is refused, whatever its beginning.

    chat/PROTOCOL.md, Errors. A comparison that stops at the shorter length, as strncmp(3) over one short read does,
    lets a prefix in (the paper's server did).
    """
    key = server.key
    for line in (
        f"HELLO {key[:127]} ada 0\n",
        f"HELLO {key[:1]} ada 0\n",
        f"HELLO {key}0 ada 0\n",
        f"HELLO {key}{key} ada 0\n",
        f"HELLO {key[:127]}g ada 0\n",
        "HELLO ada 0\n",
        "HELLO  ada 0\n",
    ):
        assert _answer(server, line) in ("ERR bad-key", "ERR bad-hello"), line


def test_name_of_another_form_is_refused(server):
    """A name is 1 to 32 of `A-Z a-z 0-9 _ . -`: nothing that could be taken for the `<name> ` of a record.

    chat/PROTOCOL.md, On the wire. isalnum(3) depends on the locale, so names must not be judged by it.
    """
    for name in ("x" * 33, "<", "a<b", "ada>", "a@b", "a/b", "a\tb", "é", "a\x7f", ""):
        assert _answer(server, f"HELLO {server.key} {name} 0\n") in ("ERR bad-name", "ERR bad-hello"), name
    assert _answer(server, f"HELLO {server.key} ada b 0\n") == "ERR bad-hello", "a name with a space is two words"


def test_every_character_of_a_name_is_accepted(server):
    """All that a name may hold comes back as it was, at both limits of length.

    chat/PROTOCOL.md, On the wire.
    """
    for name in ("a", "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.-", "abcdefghijklmnopqrstuvwxyz0123456789"[-32:], "-" * 32):
        with server.client(name=name, since="end") as client:
            client.send("hello")
            assert client.record().name == name


def test_line_of_another_form_is_refused(server):
    """What is no HELLO of the form is answered with ERR bad-hello: other words, other case, more or fewer of them.

    chat/PROTOCOL.md, Errors. strtok(3) and sscanf(3) take several spaces for one; strtoll(3) takes signs and spaces.
    """
    key = server.key
    for line in (
        "\n",
        "hello\n",
        f"hello {key} ada 0\n",
        f"HELLO {key} ada\n",
        f"HELLO {key} ada 0 0\n",
        f" HELLO {key} ada 0\n",
        f"HELLO  {key} ada 0\n",
        f"HELLO\t{key}\tada\t0\n",
        "GET / HTTP/1.1\r\n",
    ):
        assert _answer(server, line) == "ERR bad-hello", line
    for line in (f"HELLO {key} ada 0 \n", f"HELLO {key} ada 0\r\n", f"HELLO {key} ada \n"):
        assert _answer(server, line) in ("ERR bad-hello", "ERR bad-since"), line


def test_hello_too_long_is_refused_before_it_ends(server):
    """A first line of 4,097 bytes is refused although its LF has not come.

    chat/PROTOCOL.md, Errors: said at the 4,097th byte, so that nobody can make the server buffer without end.
    """
    assert _answer(server, "H" * 4097) in ("ERR too-long", "ERR bad-hello")


@explained_by("accept.inherits_nonblock")
def test_hello_one_byte_at_a_time(server):
    """HELLO and a message that arrive byte by byte are read like any other: TCP keeps no boundaries.

    RFC 9293: a byte stream; one read() may return any part of a line. The paper's server read the key in one.
    """
    with Client(server.connect()) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in f"HELLO {server.key} ada 0\n".encode():
            client.send_raw(bytes([byte]))
        client.welcomed()
        for byte in "grüße\n".encode():
            client.send_raw(bytes([byte]))
        assert client.receive() == "grüße"


def test_hello_and_messages_in_one_segment(server):
    """Messages that arrive in one segment with the HELLO before them are not lost.

    chat/PROTOCOL.md, On the wire. TCP keeps no boundaries (RFC 9293 2.2): what is read behind the first LF belongs to
    the next lines.
    """
    with Client(server.connect()) as client:
        client.send_raw(f"HELLO {server.key} ada 0\none\ntwo\n".encode())
        client.welcomed()
        assert client.receive_many(2) == ["one", "two"]


def test_silent_client_keeps_nobody_waiting(server):
    """While a client that has connected says nothing, the next one is served.

    accept(2) says that a connection is there, not that a line is: who reads HELLO before fork waits for the first.
    """
    with Client(server.connect()), server.client() as next_one:
        next_one.send("hello")
        assert next_one.receive() == "hello"


def _answer(server, line: str) -> str:
    """What a first line is answered with: `OK 0`, or `ERR <reason>` and then the end of the connection."""
    with Client(server.connect()) as client:
        client.send_raw(line.encode())
        answer = client.line().decode()
        assert answer.startswith("OK") or client.ended(), f"the connection stayed open after {answer}"
        return answer
