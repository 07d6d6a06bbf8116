"""Where the engine is: by a variable, by a context, by itself; and what is said of an address that is none."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anyunix.drivers.docker.endpoint import find_address, first_open
from anyunix.errors import PlatformError
from docker_context import make_context


def reason(environment: dict[str, str]) -> str:
    with pytest.raises(PlatformError) as error:
        find_address(environment)
    return str(error.value)


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Sockets that somebody listens on, or nobody any more."""
    made: list[socket.socket] = []

    def make(name: str, *, dead: bool = False) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made.append(socket.socket(socket.AF_UNIX))
        made[-1].bind(str(path))
        if not dead:
            made[-1].listen()
        return str(path)

    yield make
    for each in made:
        each.close()


def test_without_docker_podman_is_found_by_itself(
    sockets: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyunix.drivers.docker.endpoint.SOCKET", str(tmp_path / "none.sock"))
    monkeypatch.setattr("anyunix.drivers.docker.endpoint.PODMAN", sockets("podman-of-all.sock"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "own"))
    assert find_address(os.environ).url == f"unix://{tmp_path}/podman-of-all.sock"
    own = sockets("own/podman/podman.sock")
    assert find_address(os.environ).url == f"unix://{own}"
    monkeypatch.setattr("anyunix.drivers.docker.endpoint.SOCKET", sockets("docker.sock"))
    assert find_address(os.environ).url == f"unix://{tmp_path}/docker.sock"


def test_a_socket_that_nobody_listens_on_is_passed_over(sockets: Callable[..., str], tmp_path: Path) -> None:
    dead, alive = sockets("dead.sock", dead=True), sockets("alive.sock")
    assert first_open([str(tmp_path / "none"), dead, alive]) == alive
    assert first_open([str(tmp_path / "none"), dead]) == dead
    assert first_open([]) == "/var/run/docker.sock"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("docker.example", "DOCKER_HOST is 'docker.example', which is no address of an engine"),
        ("/var/run/docker.sock", "DOCKER_HOST is '/var/run/docker.sock', which is no address of an engine"),
        ("fd://3", "DOCKER_HOST is 'fd://3', which is no address of an engine"),
        ("unix://", "DOCKER_HOST is 'unix://', which is no address of an engine"),
        ("tcp://host", "DOCKER_HOST is 'tcp://host', which has no host and port"),
    ],
)
def test_an_address_that_is_none_is_said(address: str, said: str) -> None:
    assert reason({"DOCKER_HOST": address}) == f"{said}: expected unix:///PATH, ssh://USER@HOST or tcp://HOST:PORT"


def test_host_and_port_alone_are_tcp() -> None:
    assert find_address({"DOCKER_HOST": "far:2375"}).url == "tcp://far:2375"


def test_a_context_needs_no_configuration_file(tmp_path: Path) -> None:
    make_context(tmp_path, "near", "unix:///run/near.sock")
    environment = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "near"}
    assert str(find_address(environment)) == "unix:///run/near.sock (docker context 'near')"
    assert find_address({**environment, "DOCKER_CONTEXT": "default"}).context == ""
    assert find_address({**environment, "DOCKER_HOST": "unix:///run/other.sock"}).url == "unix:///run/other.sock"


def test_files_of_docker_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    make_context(tmp_path, "far", "")
    said = reason({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "far"})
    assert said.startswith(f"the Docker context 'far' (DOCKER_CONTEXT) names no engine: {tmp_path}/contexts/meta/")
    (tmp_path / "config.json").write_text('{"currentContext": "fat"}')
    said = reason({"DOCKER_CONFIG": str(tmp_path)})
    assert said.startswith(
        "the Docker context 'fat' (chosen by `docker context use`) is not there (did you mean 'far'?)"
    )
    (tmp_path / "config.json").write_text("{broken")
    said = reason({"DOCKER_CONFIG": str(tmp_path)})
    assert said.startswith(f"{tmp_path}/config.json, a file of the command `docker`, cannot be read: ")


def test_tls_is_what_variables_ask_for(tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": "tcp://far:2376", "DOCKER_CONFIG": str(tmp_path)}
    assert find_address({**environment, "DOCKER_CERT_PATH": str(tmp_path), "DOCKER_TLS_VERIFY": ""}).tls is None
    unverified = find_address({**environment, "DOCKER_TLS": "1"}).tls
    assert unverified is not None
    assert (unverified.verify, unverified.cert) == (False, None)
    assert reason({**environment, "DOCKER_TLS_VERIFY": "1"}) == (
        f"DOCKER_TLS_VERIFY is set, and {tmp_path}/ca.pem is not there: set DOCKER_CERT_PATH"
    )
    (tmp_path / "cert.pem").touch()
    assert reason({**environment, "DOCKER_TLS": "1"}).startswith(f"{tmp_path}/key.pem is not there: a client of ")
