"""What came from a server stands beside what was expected; a pattern is for what comes behind the one before."""

import threading

import pytest

pytestmark = pytest.mark.usefixtures("support")


@pytest.mark.parametrize(
    ("expect", "hint"),
    [(r"^PONG$", r"; without its \r it would match: write \r?$ for the end of a line"), (r"^PANG$", "")],
)
def test_what_came_stands_beside_what_was_expected(expect: str, hint: str) -> None:
    import socket

    from support.voice import Unlike, Voice

    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"PONG\r\n")
        there.shutdown(socket.SHUT_WR)
        with pytest.raises(Unlike) as caught:
            Voice(here).hear(expect.encode())
    assert caught.value.answered
    assert str(caught.value) == (
        f"nothing that matches '{expect}' came before the connection ended, "
        rf"but b'PONG\r\n'{hint}"
    )


def test_one_answer_is_not_heard_twice() -> None:
    import socket

    from support.voice import Unlike, Voice

    here, there = socket.socketpair()
    with here, there:
        voice = Voice(here)
        there.sendall(b"1 PONG\n2 PONG\n")
        there.shutdown(socket.SHUT_WR)
        voice.hear(b"^\\d PONG")
        voice.hear(b"^\\d PONG")
        with pytest.raises(Unlike, match=r"came before the connection ended, but b'\\n'"):
            voice.hear(b"PONG")


def test_a_pattern_looks_at_where_a_line_begins() -> None:
    """What another pattern took of a line is still in front of the rest of it."""
    import socket

    from support.voice import Unlike, Voice

    here, there = socket.socketpair()
    with here, there:
        voice = Voice(here)
        there.sendall(b"first second\n")
        there.shutdown(socket.SHUT_WR)
        voice.hear(b"first ")
        with pytest.raises(Unlike):
            voice.hear(b"^second")
        voice.hear(b"second$")


def test_it_hears_while_it_says_more_than_there_is_room_for() -> None:
    """A server that answers before it reads on does not stand still with a client that says all first."""
    import socket

    from support.voice import Voice

    here, there = socket.socketpair()

    def echo() -> None:
        while data := there.recv(65536):
            there.sendall(data)

    with here, there:
        echoing = threading.Thread(target=echo)
        echoing.start()
        voice = Voice(here, 5.0)
        voice.say(b"x" * 500_000 + b"\n")
        voice.say(b"y" * 500_000 + b"\nend\n")
        voice.hear(b"^end$")
        here.shutdown(socket.SHUT_WR)
        echoing.join()


def test_what_was_written_down_is_counted() -> None:
    import socket

    from support.voice import Voice

    here, there = socket.socketpair()
    with here, there:
        voice = Voice(here)
        there.sendall(b"ok\nok\n")
        voice.hear(b"^ok$")
        voice.write_down()
        there.sendall(b"ok\nend\n")
        voice.hear(b"^end$")
        assert (voice.written(b"^ok$"), voice.written(b"^end$")) == (2, 1)


def test_one_that_is_to_end_and_stays_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    from support.voice import NotEnded, Voice

    monkeypatch.setattr("support.deadline.patience", lambda: 1.0)
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"bye\n")
        with pytest.raises(NotEnded, match=r"^step 2 \(ada\): the server did not end the connection within 0.05 s"):
            Voice(here, 0.05).hear_end("step 2 (ada): ")
        there.close()
        Voice(here).hear_end()
