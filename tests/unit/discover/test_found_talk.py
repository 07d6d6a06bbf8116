"""From what a server said: an exchange that proves that a client is served, and does not hang on versions or times."""

import re

import pytest

from anyunix.discover.found_talk import talk_found
from anyunix.discover.openers import openers
from anyunix.discover.watched import Seen, SeenPlace, SeenReply

TCP, UDP = SeenPlace("tcp", "0.0.0.0", 80), SeenPlace("udp", "0.0.0.0", 53)


def answered(**replies: str) -> Seen:
    names = {"http": "HTTP", "redis": "Redis", "echo": "an echo"}
    return Seen("", 80, place=TCP, replies=tuple(SeenReply(names[k], text, text, False) for k, text in replies.items()))


@pytest.mark.parametrize(
    ("greetings", "pattern"),
    [
        (("220 host ESMTP 12:00\r\n", "220 host ESMTP 12:01\r\n"), "^220"),
        (("SSH-2.0-dropbear_2022.83\r\n", "SSH-2.0-dropbear_2022.83\r\n"), r"^SSH-2\.0-"),
        (("id=17 hi\n", "id=18 hi\n"), "^id=1"),
        (("+OK (ready)\n",), r"^\+OK"),
        (("\x00\x01", "\x01\x00"), "^."),
    ],
)
def test_of_a_greeting_what_stays_of_its_first_word(greetings: tuple[str, ...], pattern: str) -> None:
    talk = talk_found(Seen("", 80, place=TCP, greetings=greetings))
    assert talk is not None
    assert (talk.send, talk.expect) == ("", pattern)
    assert all(re.search(talk.expect, greeting, re.MULTILINE) for greeting in greetings)


def test_the_opener_that_is_understood_counts_and_not_the_first_that_is_answered() -> None:
    talk = talk_found(answered(http="-ERR unknown command\r\n", redis="+PONG\r\n"))
    assert talk is not None
    assert (talk.send, talk.expect, talk.again) == ("PING\r\n", r"^\+PONG", True)


def test_an_exchange_that_ends_the_connection_is_not_had_again() -> None:
    reply = SeenReply("HTTP", "HTTP/1.0 200 OK\r\n", "", False)
    talk = talk_found(Seen("", 80, place=TCP, replies=(reply,)))
    assert talk is not None
    assert (talk.expect, talk.again) == ("^HTTP/1", False)


def test_where_none_is_understood_all_answers_are_shown() -> None:
    talk = talk_found(answered(http="what?\n", redis="no \x1b[31m\n"))
    assert talk is not None
    assert talk.expect == r"^what\?"
    assert talk.why[1:] == ("  HTTP: 'what?\\n'", "  Redis: 'no \\x1b[31m\\n'")


def test_nothing_said_is_no_talk() -> None:
    assert talk_found(Seen("", 80, place=TCP)) is None


def test_the_echo_of_udp_is_not_that_of_tcp() -> None:
    reply = SeenReply("an echo", "hello\n", "hello\n", False)
    talk = talk_found(Seen("", 53, place=UDP, replies=(reply,)))
    assert talk is not None
    assert talk.transport == "udp"


def test_openers_are_few_and_short() -> None:
    assert len(openers()) <= 10
    assert all(len(opener.data) <= 2000 for opener in openers())
    tls = next(opener for opener in openers() if opener.name == "TLS")
    assert tls.data[:2] == b"\x16\x03"
