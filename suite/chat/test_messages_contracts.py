"""Contracts: which lines are messages, and what happens to the others (chat/PROTOCOL.md, "Messages")."""

from contextlib import suppress

from support.chat import Client
from support.crowd import lazy_client
from support.marks import explained_by, speaks_chat
from support.net import reset

pytestmark = speaks_chat

LONGEST = 4096
HISTORY_RECORDS = 16
HISTORY = (b"<old> " + b"x" * 4000 + b"\n") * HISTORY_RECORDS


def test_longest_line_is_stored(server):
    """A line of 4,096 bytes, in characters of one byte and of three, comes back whole.

    chat/PROTOCOL.md, On the wire: the limit is in bytes, whatever the characters.
    """
    texts = ["x" * LONGEST, "€" * (LONGEST // 3) + "x", "ü" * (LONGEST // 2)]
    with server.client() as client:
        client.send(*texts)
        assert client.receive_many(3) == texts


def test_longer_line_is_refused(server):
    """A line of 4,097 bytes gets ERR too-long; said at the 4,097th byte, whether the LF has come or not.

    chat/PROTOCOL.md, Errors.
    """
    for ending in (b"", b"\n"):
        with server.client() as client:
            client.send_raw(b"x" * (LONGEST + 1) + ending)
            assert client.refusal() == "too-long"
    _assert_log(server, b"")


@explained_by("accept.inherits_nonblock", "sigpipe.ignored")
def test_10_mebibytes_without_newline_are_refused(start_server):
    """A client that sends 10 MiB and no LF reads ERR too-long and the end; the next one is served.

    A close with bytes unread is a RST (RFC 1122 4.2.2.13), and takes along what the server had still to send: the ERR
    line stands behind a history here that does not fit into the window of a client that sends first and reads later.
    """
    start_server.log.touch(mode=0o600)
    start_server.log.write_bytes(HISTORY)
    server = start_server()
    with lazy_client(server) as client:
        with suppress(BrokenPipeError, ConnectionResetError):  # it may stop listening
            for _ in range(160):
                client.send_raw(b"x" * 65536)
        assert len(client.receive_many(HISTORY_RECORDS)) == HISTORY_RECORDS
        assert client.refusal() == "too-long"
    with server.client(since="end") as client:
        client.send("hello")
        assert client.receive() == "hello"
    _assert_log(server, HISTORY + b"<probe> hello\n")


def test_control_characters_are_refused(server):
    """NUL, every other control character and DEL get ERR bad-text; U+0080 to U+009F too.

    chat/PROTOCOL.md, On the wire. A terminal takes ESC, and U+009B for the same; a reader in C takes NUL for the end;
    CR hides what went before.
    """
    lines = [b"a%cb" % byte for byte in (0x00, 0x01, 0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x18, 0x1B, 0x1F, 0x7F)]
    lines += [f"a{character}b".encode() for character in "\u0080\u0085\u009b\u009f"]
    lines += [b"\r", b"text\r", b"\x00"]
    _assert_refused(server, lines)


@explained_by("locale.c_charset")
def test_invalid_utf8_is_refused(server):
    """Overlong forms, surrogates, what lies past U+10FFFF, lone and missing continuation bytes get ERR bad-text.

    RFC 3629 3 and 4. mbrtowc(3) answers by locale and differs; the C locale takes any byte on some systems.
    """
    _assert_refused(
        server,
        [
            b"\xc0\x80",
            b"\xc1\xbf",
            b"\xe0\x80\x80",
            b"\xe0\x9f\xbf",  # overlong, two and three bytes
            b"\xf0\x80\x80\x80",
            b"\xf0\x8f\xbf\xbf",  # overlong, four bytes
            b"\xed\xa0\x80",
            b"\xed\xbf\xbf",  # surrogates
            b"\xf4\x90\x80\x80",
            b"\xf5\x80\x80\x80",
            b"\xff",
            b"\xfe",  # past the end of Unicode, never in UTF-8
            b"\x80",
            b"a\xbfb",
            b"\xc3\xbc\xbc",  # continuation bytes alone
            b"\xc3",
            b"\xe2\x82",
            b"\xf0\x9f\x98",
            b"\xe2\x82a",
            b"\xc3\xc3\xbc",  # cut short
        ],
    )


def test_every_edge_of_utf8_is_accepted(server):
    """The first and last characters of each length, around the surrogates, come back as they were sent.

    RFC 3629 3 and 4. mbrtowc(3) judges by the locale, and differs in musl and glibc for what is invalid.
    """
    text = " ~\u00a0\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff"
    with server.client() as client:
        client.send(text)
        assert client.receive() == text


def test_empty_message_is_a_message(server):
    """An empty line is stored and sent like any other.

    chat/PROTOCOL.md, Messages.
    """
    with server.client() as client:
        client.send("", "x", "")
        assert client.receive_many(3) == ["", "x", ""]
    _assert_log(server, b"<probe> \n<probe> x\n<probe> \n")


def test_text_that_looks_like_protocol_is_text(server):
    """`ERR`, `OK`, `HELLO`, the brackets of a record and %-formats in a message change nothing.

    chat/PROTOCOL.md, Errors: a record starts with `<`, so nothing in one can be taken for an ERR line. A text given to
    printf(3) or syslog(3) as the format would be another fault.
    """
    texts = ["ERR full", "OK 0", f"HELLO {server.key} ada 0", "<ada> no", "%s%n%d", "\\n", " ", "end"]
    with server.client() as client:
        client.send(*texts)
        assert client.receive_many(len(texts)) == texts


def test_many_messages_in_one_segment(server):
    """Five hundred messages in one write all come back, in their order.

    chat/PROTOCOL.md, Messages; TCP keeps no boundaries (RFC 9293 2.2), so one read(2) can bring many lines.
    """
    texts = [f"message {number}" for number in range(500)]
    with server.client() as client:
        client.send(*texts)
        assert client.receive_many(500) == texts


def test_bad_line_keeps_the_lines_before_it(server):
    """A bad line ends the connection; what came before it is stored and sent, nothing from it on is.

    chat/PROTOCOL.md, On the wire. All of it arrives in one segment, so the server has the good line, the bad one and
    the next in one buffer.
    """
    with server.client() as client:
        client.send_raw(b"before\nbad\x1b[2J\nafter\n")
        assert client.receive() == "before"
        assert client.refusal() == "bad-text"
    _assert_log(server, b"<probe> before\n")


def test_line_without_newline_is_not_stored(server):
    """Bytes behind the last LF are no message when the client closes, shuts its sending side, or is reset.

    chat/PROTOCOL.md, Messages.
    """
    with server.client() as client:
        client.send_raw(b"whole\npart")
        assert client.finish() == ["whole"]
    for leave in (Client.close, lambda client: reset(client.socket)):
        client = server.client(since="end")
        client.send_raw(b"part")
        leave(client)
    server.wait_alone()
    _assert_log(server, b"<probe> whole\n")


def test_eof_in_gives_everything_then_eof(server):
    """A client that shuts its sending side gets all up to its own last message, and then EOF.

    shutdown(SHUT_WR) sends FIN (RFC 9293 3.6); the other direction stays open. `printf … | nc` depends on it.
    """
    texts = [f"message {number}" for number in range(100)]
    with server.client() as client:
        client.send(*texts)
        assert client.finish() == texts
    with server.client() as client:
        assert client.finish() == texts


def _assert_refused(server, lines: list[bytes]) -> None:
    """Each line gets ERR bad-text and the end of the connection, and none reaches the log."""
    for line in lines:
        with server.client() as client:
            client.send_raw(line + b"\n")
            assert client.line() == b"ERR bad-text", line
            assert client.ended(), line
    _assert_log(server, b"")


def _assert_log(server, expected: bytes) -> None:
    server.wait_alone()  # whoever could still write has ended
    assert server.log.read_bytes() == expected
