"""Which addresses a server answers on."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

LOST = "0.0.0.1"  # no machine has it: as a container's network that was removed since it was listed


@pytest.fixture
def listed(support: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of this machine, as they are listed."""
    addresses = ["127.0.0.1", "127.0.0.2"]
    monkeypatch.setattr("support.address.own_addresses", lambda: addresses)
    return addresses


@pytest.mark.parametrize(("bound", "expected"), [("0.0.0.0", ["0.0.0.0"]), ("127.0.0.1", ["127.0.0.1"])])
@pytest.mark.parametrize("lost", [[], [LOST]], ids=["all-there", "one-lost-meanwhile"])
def test_it_is_the_wildcard_where_all_answer_that_are_still_there(
    listed: list[str], bound: str, expected: list[str], lost: list[str]
) -> None:
    from support.address import listening_on

    listed += lost
    with socket.create_server((bound, 0)) as listener:
        found = listening_on(listener.getsockname()[1])
    assert [address.host for address in found] == expected


def test_an_address_that_listens_later_is_waited_for(listed: list[str]) -> None:
    """From the first client of the other one on."""
    from support.address import listening_on

    with socket.create_server((listed[0], 0)) as first, socket.socket() as second:
        port = first.getsockname()[1]
        second.bind((listed[1], port))

        def listen_later() -> None:
            first.accept()[0].close()
            second.listen()

        with ThreadPoolExecutor(1) as other:
            done = other.submit(listen_later)
            found = listening_on(port, patience=60.0)
            done.result()
    assert [address.host for address in found] == ["0.0.0.0"]


def test_those_that_refuse_are_asked_in_turn(listed: list[str]) -> None:
    """Or a machine with the addresses of many containers would be asked for as many times the patience."""
    from support.address import listening_on
    from support.net import connect_error

    asked: list[str] = []

    def error(host: str, port: int, seconds: float) -> str | None:
        asked.append(host)
        return connect_error(host, port, seconds)

    with socket.socket() as nobody:
        nobody.bind((listed[0], 0))
        assert listening_on(nobody.getsockname()[1], 0.1, error) == ()
    assert len(asked) > len(listed)
    assert asked == listed * (len(asked) // len(listed))


def test_an_address_that_is_gone_may_refuse(support: None) -> None:
    from support.interfaces import unless_lost

    with unless_lost(LOST):
        raise ConnectionRefusedError
    with pytest.raises(ConnectionRefusedError), unless_lost("127.0.0.1"):
        raise ConnectionRefusedError
