"""Connections to a listener whose queue is full for a moment."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

ADDRESS = "127.0.0.1"


@pytest.fixture
def full(support: None) -> Iterator[socket.socket]:
    """A listener in whose queue there is no room for anybody."""
    from support.net import connect

    with socket.create_server((ADDRESS, 0), backlog=0) as listener, ExitStack() as stack:
        listener.setblocking(False)
        while True:
            try:
                stack.enter_context(connect(ADDRESS, port_of(listener), 0.2))
            except TimeoutError:
                break
        yield listener


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def test_another_connection_finds_the_room_that_the_first_one_did_not(
    full: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support import net

    really, asked = net.connect, list[float]()

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        if asked:
            drain(full)
        asked.append(seconds)
        return really(address, port, 5.0 if len(asked) > 1 else seconds)

    monkeypatch.setattr(net, "connect", connect)
    with net.reach(ADDRESS, port_of(full), 30.0) as peer:
        assert peer.gettimeout() == 30.0
        assert peer.getpeername()[1] == port_of(full)
    assert asked == [net.NEW_SYN_SECONDS, 2 * net.NEW_SYN_SECONDS]


def test_a_queue_that_stays_full_is_a_timeout_that_says_where(full: socket.socket) -> None:
    from support.net import reach, reach_error

    with pytest.raises(TimeoutError, match=rf"{ADDRESS}:{port_of(full)}"):
        reach(ADDRESS, port_of(full), 0.3)
    assert reach_error(ADDRESS, port_of(full), 0.1) == "timeout"


def test_an_address_that_refuses_is_asked_once(support: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from support import net

    really, asked = net.connect, list[Any]()
    monkeypatch.setattr(net, "connect", lambda *wanted: asked.append(wanted) or really(*wanted))
    with socket.socket() as bound:  # and not listening: nobody else can
        bound.bind((ADDRESS, 0))
        assert net.reach_error(ADDRESS, port_of(bound)) == "ECONNREFUSED"
    assert len(asked) == 1


def drain(listener: socket.socket) -> None:
    """Accept all who wait."""
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return
