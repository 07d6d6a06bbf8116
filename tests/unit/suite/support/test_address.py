"""Which addresses a server answers on."""

import socket

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


def test_an_address_that_is_gone_may_refuse(support: None) -> None:
    from support.interfaces import unless_lost

    with unless_lost(LOST):
        raise ConnectionRefusedError
    with pytest.raises(ConnectionRefusedError), unless_lost("127.0.0.1"):
        raise ConnectionRefusedError
