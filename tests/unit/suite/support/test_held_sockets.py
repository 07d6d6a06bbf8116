"""What processes listen on, as /proc shows it: with address, port or path, and whose it is."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.usefixtures("support"),
    pytest.mark.skipif(not os.path.isdir("/proc/net"), reason="no /proc/net here"),
]


def held(pids: list[int]) -> set[str]:
    from support.held_sockets import held_by

    found = held_by(pids)
    assert found is not None
    return {str(each) for each in found}


@pytest.mark.parametrize(
    ("family", "address", "shown"),
    [(socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET6, "::1", "[::1]"), (socket.AF_INET6, "::", "[::]")],
)
@pytest.mark.parametrize(("transport", "kind"), [("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)])
def test_a_listener_with_its_address(family: int, address: str, shown: str, transport: str, kind: int) -> None:
    with socket.socket(family, kind) as opened:
        try:
            opened.bind((address, 0))
        except OSError as error:
            pytest.skip(f"no {address} here: {error}")
        if transport == "tcp":
            opened.listen()
        place = f"{transport} {shown}:{opened.getsockname()[1]}"
        assert place in held([os.getpid()])
        with subprocess.Popen(["sleep", "60"]) as stranger:
            assert place not in held([stranger.pid])
            stranger.kill()
    assert place not in held([os.getpid()])


def test_connections_are_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        places = held([os.getpid()])
        assert f"tcp 127.0.0.1:{listener.getsockname()[1]}" in places
        assert f"tcp 127.0.0.1:{client.getsockname()[1]}" not in places


def test_a_path_that_is_listened_on(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(tmp_path / "a b"))
        assert f"unix {tmp_path}/a b" not in held([os.getpid()])
        opened.listen()
        assert f"unix {tmp_path}/a b" in held([os.getpid()])
