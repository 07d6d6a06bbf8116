"""Contracts: the subject's client program, connection after connection, against a server that the probe plays."""

import pytest

from support.marks import explained_by, speaks_chat
from support.net import reset
from support.played import at_its_end, played
from support.preload import preloaded
from support.two_addresses import name_with_several_addresses

pytestmark = speaks_chat

ONE, TWO = b"<bob> one\n", b"<bob> two\n"


def test_client_comes_back_to_where_it_was(start_server):
    """A client whose connection ends early comes back with the offset behind the last whole record that it got.

    chat/PROTOCOL.md, Command line. What came of a record in part comes again: half a line is no record. With any other
    offset lines are shown twice, or never.
    """
    with played(start_server) as client:
        with client.welcome(0, since=0) as connection:
            connection.send_raw(ONE + TWO[:-3])
        with client.welcome(len(ONE), since=len(ONE)) as connection:
            connection.send_raw(TWO)
            at_its_end(connection)
        ended = client.ended()
    assert (ended.stdout, ended.status) == ((ONE + TWO).decode(), 0), ended.stderr


def test_client_takes_no_reset_for_the_end(start_server):
    """A connection that is reset in the middle of the history is one that was lost: the client comes back for the rest.

    POSIX recv: 0 is the end, ECONNRESET is not (RFC 9293 3.10.7.4). A client that takes every result below 1 for the
    end says that all was well, with half of the history shown.
    """
    with played(start_server) as client:
        connection = client.welcome(0)
        connection.send_raw(ONE)
        assert client.line() == ONE.decode()
        at_its_end(connection)
        reset(connection.socket)
        with client.welcome(len(ONE), since=len(ONE)) as connection:
            connection.send_raw(TWO)
            at_its_end(connection)
        ended = client.ended()
    assert (ended.stdout, ended.status) == (TWO.decode(), 0), ended.stderr


def test_client_names_what_it_has_not_seen(start_server):
    """A message that was sent and never seen in the stream is not sent again; it is named, and the exit status is 1.

    chat/PROTOCOL.md, Command line. It may be stored or not, and only its user can say what to do: sent again it might
    stand there twice, and with exit status 0 a script goes on as if it had been stored.
    """
    with played(start_server, given="precious\n") as client:
        with client.welcome(0) as connection:
            assert connection.line() == b"precious"
        with client.welcome(0) as connection:
            at_its_end(connection)
        ended = client.ended()
    assert ended.status == 1
    assert "precious" in ended.stderr


def test_client_shows_no_control_characters(start_server):
    """Control characters and bytes that are no UTF-8 come out as `?`, in records and in the reason of an ERR.

    chat/PROTOCOL.md, Command line. A terminal obeys escape sequences (ECMA-48), whoever wrote them; the server refuses
    them in messages, but another one may not, and the log is a file.
    """
    with played(start_server) as client:
        with client.welcome(0) as connection:
            connection.send_raw(b"<bob> \x1b[31mred\x07 \xc2\x9b \xff\n")
            connection.send("ERR no \x1b[2J")
            connection.ended()
        ended = client.ended()
    assert ended.stdout == "<bob> ?[31mred? ? ?\n"
    assert ended.status == 3
    assert "no ?[2J" in ended.stderr


def test_client_outlives_the_reader_of_its_output(start_server):
    """`client | head`: when nobody reads its output any more, it says so and ends with exit status 1.

    POSIX write: EPIPE comes with SIGPIPE, whose default is death without a word and without what is outstanding being
    named. CPython ignores the signal for itself at its start.
    """
    with played(start_server, given="precious\n") as client:
        with client.welcome(0) as connection:
            assert client.process.stdout is not None
            client.process.stdout.close()
            assert connection.line() == b"precious"
            connection.send_raw(ONE)
            connection.ended()
        stderr = client.process.stderr
        assert stderr is not None
        said = stderr.read().decode()
        assert client.process.wait() == 1
    assert "stdout" in said
    assert "precious" in said


def test_client_goes_on_with_an_interrupted_connect(start_server, work):
    """A connect that was interrupted is waited for: the client comes by that connection and needs no other.

    POSIX connect: after EINTR the connection is made asynchronously. SIGWINCH, a debugger, SIGSTOP and SIGCONT where
    there is a time limit (signal(7)) are all it takes. To call again is an error (EALREADY, EISCONN). CPython goes on
    by itself (PEP 475).
    """
    record = work / "connects"
    front = preloaded(record, "connect", "error=EINTR:when=1", follow=False)
    if isinstance(front, str):
        pytest.skip(f"no call can be interrupted here: {front}")
    with played(start_server, "--retries", "0", front=front) as client:
        with client.welcome(0) as connection:
            if not record.exists() or "(INJECTED)" not in record.read_text():
                pytest.skip("the client was not seen to call connect")
            connection.send_raw(ONE)
            at_its_end(connection)
        ended = client.ended()
    assert (ended.stdout, ended.status) == (ONE.decode(), 0), ended.stderr


@explained_by("getaddrinfo.localhost_order")
def test_client_tries_every_address(start_server, work):
    """Of a name with several addresses the client comes to the last one, when the others refuse it.

    RFC 6724 2, RFC 8305: applications try the addresses in the order of getaddrinfo(3). `localhost` is ::1 first on
    many machines, and 127.0.0.1 on others, where the same client finds the same server.
    """
    named = name_with_several_addresses(work)
    with played(
        start_server, "--retries", "0", address=named.addresses[-1], name=named.name, front=named.front
    ) as client:
        with client.welcome(0) as connection:
            connection.send_raw(ONE)
            at_its_end(connection)
        ended = client.ended()
    assert (ended.stdout, ended.status) == (ONE.decode(), 0), ended.stderr
