"""A conversation is played step by step, by the guest that each step names."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("support")


@contextmanager
def conversation(*actions: Any) -> Iterator[Any]:
    """Of these actions, and the other ends of its guests' connections, in the order in which they came."""
    from support.subject import Talk
    from support.talk import Conversation

    ends: list[socket.socket] = []

    def come() -> socket.socket:
        here, there = socket.socketpair()
        ends.append(there)
        return here

    with Conversation(Talk(actions), come, {"n": "000007", "host": "::1"}) as conversation:
        yield conversation, ends
    for end in ends:
        end.close()


def action(guest: str, what: str, data: bytes = b"", **more: Any) -> Any:
    from support.subject import Action

    return Action(what, data, guest, **more)


def test_each_step_is_of_its_guest_and_words_are_filled_in() -> None:
    steps = [
        action("ada", "send", b"hello {n} {i} {host} {other}\n", step=1),
        action("bob", "send", b"x", step=2, times=3),
        action("bob", "expect", b"^from {n}$", step=3),
    ]
    with conversation(*steps) as (played, (ada, bob)):
        bob.sendall(b"from 000007\n")
        played.play()
        assert ada.recv(100) == b"hello 000007 000001 ::1 {other}\n"
        assert bob.recv(100) == b"xxx"


def test_words_in_a_pattern_mean_themselves() -> None:
    from support.talk import filled

    words = {"host": "10.0.0.1"}
    assert filled(b"^{host} {3}", words, escaped=True) == b"^10\\.0\\.0\\.1 {3}"
    assert filled(b"{host}", words) == b"10.0.0.1"


def test_a_guest_comes_at_its_step_and_leaves_at_its_step() -> None:
    steps = [
        action("ada", "send", b"1"),
        action("bob", "connect", step=2),
        action("bob", "send", b"2", step=2),
        action("ada", "close", step=3),
        action("ada", "connect", step=4),
        action("ada", "half_close", step=4),
    ]
    with conversation(*steps) as (played, ends):
        assert len(ends) == 1
        played.play()
        first, bob, again = ends
        assert (first.recv(9), first.recv(9), bob.recv(9), again.recv(9)) == (b"1", b"", b"2", b"")
        assert len(played.peers) == 2


def test_one_that_stays_stops_where_its_first_guest_leaves() -> None:
    steps = [
        action("ada", "send", b"1"),
        action("bob", "close", step=2),
        action("ada", "half_close", step=3),
        action("ada", "send", b"2", step=4),
    ]
    with conversation(*steps) as (played, (ada, bob)):
        played.play(staying=True)
        with played.only_first():
            assert (ada.recv(9), bob.recv(9)) == (b"1", b"")
            ada.settimeout(0)
            with pytest.raises(BlockingIOError):
                ada.recv(9)


def test_exchanges_are_numbered_and_a_failure_names_which(monkeypatch: pytest.MonkeyPatch) -> None:
    from support.voice import Unlike

    monkeypatch.setattr("support.deadline.patience", lambda: 1.0)
    steps = [action("ada", "send", b"{i}\n", again=True), action("bob", "expect", b"^{i}$", step=2, again=True)]
    with conversation(*steps) as (played, (ada, bob)):
        bob.sendall(b"000001\n000002\n000003\n")
        played.play()
        played.ask_again(2)
        played.hear_again(2)
        assert ada.recv(100) == b"000001\n000002\n000003\n"
        bob.shutdown(socket.SHUT_WR)
        with pytest.raises(Unlike, match=r"^exchange 4: step 2 \(bob\): nothing that matches '\^000004\$' came before"):
            played.again()


def test_what_waits_for_another_guest_is_not_asked_for_before() -> None:
    """In a hundred exchanges in a row the second guest asks when the first was answered, as in one."""
    steps = [
        action("ada", "send", b"set {i}\n", again=True),
        action("ada", "expect", b"^done$", again=True),
        action("bob", "send", b"get {i}\n", step=2, again=True),
    ]
    with conversation(*steps) as (played, (ada, bob)):
        ada.sendall(b"done\n" * 2)
        played.ask_again(2)
        assert ada.recv(100) == b"set 000002\nset 000003\n"
        played.hear_again(2)
        assert bob.recv(100) == b"get 000002\nget 000003\n"


def test_one_connection_by_itself_has_what_the_first_guest_says_first() -> None:
    from support.subject import Talk
    from support.talk import talk_to

    steps = [
        action("ada", "send", b"hello {n}\n"),
        action("bob", "send", b"no\n", step=2),
        action("ada", "expect", b"^{n} {i}$", step=3),
        action("ada", "send", b"later\n", step=3),
    ]
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"000000 000001\n")
        talk_to(here, Talk(tuple(steps)), 5.0)
        assert there.recv(100) == b"hello 000000\n"
        talk_to(here, Talk(tuple(steps[1:2])))  # nothing is to be heard
