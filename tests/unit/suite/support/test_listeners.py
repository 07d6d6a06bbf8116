"""Who holds a socket, as /proc shows it: for each transport, and nobody but the one who does."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.usefixtures("support"),
    pytest.mark.skipif(not os.path.isdir("/proc/net"), reason="no /proc/net here"),
]


@pytest.fixture
def stranger() -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
@pytest.mark.parametrize(("transport", "kind"), [("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)])
def test_the_holder_of_a_port(family: int, transport: str, kind: int, stranger: "subprocess.Popen[bytes]") -> None:
    from support.address import Address
    from support.listeners import holders

    with socket.socket(family, kind) as held:
        held.bind(("", 0))
        if transport == "tcp":
            held.listen()
        place = Address("", held.getsockname()[1])
        assert holders(place, transport, [os.getpid(), stranger.pid]) == [os.getpid()]
        assert holders(Address("", 1), transport, [os.getpid(), stranger.pid]) == []
    assert holders(place, transport, [os.getpid()]) == []


def test_a_client_of_a_port_does_not_listen_on_it() -> None:
    from support.address import Address
    from support.listeners import holders

    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = Address("", listener.getsockname()[1])
        with socket.create_connection(("127.0.0.1", place.port)):
            listener.close()
            assert holders(place, "tcp", [os.getpid()]) == []


def test_the_holder_of_a_path(tmp_path: Path, stranger: "subprocess.Popen[bytes]") -> None:
    from support.address import Address
    from support.listeners import holders

    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(tmp_path / "a"))
        held.listen()
        assert holders(Address(str(tmp_path / "a"), 0), "unix", [stranger.pid, os.getpid()]) == [os.getpid()]
        assert holders(Address(str(tmp_path / "b"), 0), "unix", [os.getpid()]) == []
