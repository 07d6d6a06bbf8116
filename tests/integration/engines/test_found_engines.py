"""An engine by each way that a user may name one, or by none: a real cell through each way that leaves this machine."""

import json
import os
import shlex
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

import sshd as far_side
from anyunix.drivers.docker.endpoint import find_address, first_open
from anyunix.drivers.docker.engine import Engine
from short_cell import NAMES, Run
from sshd import Sshd
from tcp_relay import make_certificates, tcp_relay


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


def make_context(folder: Path, name: str, host: str, certificates: Path | None = None) -> None:
    """What `docker context create NAME --docker host=…,ca=…,cert=…,key=…` writes."""
    key = sha256(name.encode()).hexdigest()
    meta, tls = folder / "contexts" / "meta" / key, folder / "contexts" / "tls" / key / "docker"
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    for file in ("ca.pem", "cert.pem", "key.pem") if certificates else ():
        tls.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(str(certificates), file), tls)


def reason() -> str:
    found = Engine().available()
    assert found is not None
    return found


def test_a_cell_runs_over_tcp(docker_socket: str, run: Run) -> None:
    with tcp_relay(docker_socket) as relay:
        done = run(DOCKER_HOST=f"tcp://127.0.0.1:{relay.port}")
    assert done.ran, done.said


def test_a_cell_runs_over_tcp_with_tls_from_a_context(docker_socket: str, run: Run, tmp_path: Path) -> None:
    """The context is chosen, as `docker context use` does it, and no other file of Docker's is there."""
    tls = make_certificates(tmp_path / "certificates")
    with tcp_relay(docker_socket, tls) as relay:
        make_context(tmp_path / "docker", "far", f"tcp://127.0.0.1:{relay.port}", tmp_path / "certificates")
        (tmp_path / "docker" / "config.json").write_text('{"currentContext": "far"}')
        done = run(DOCKER_CONFIG=str(tmp_path / "docker"))
    assert done.ran, done.said


def test_tls_is_what_the_variables_ask_for(docker_socket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = make_certificates(tmp_path / "certificates")
    with tcp_relay(docker_socket, tls) as relay:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{relay.port}")
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        assert reason() == (
            f"DOCKER_TLS_VERIFY is set, and {tmp_path}/docker/ca.pem is not there: set DOCKER_CERT_PATH"
        )
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path / "certificates"))
        assert Engine().available() is None
        make_certificates(tmp_path / "others")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path / "others"))
        assert "and this client do not agree on TLS ([SSL: CERTIFICATE_VERIFY_FAILED] certificate verify" in reason()
        assert "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH" in reason()
        (tmp_path / "others" / "key.pem").unlink()
        assert reason().startswith(f"{tmp_path}/others/key.pem is not there: a client of the Docker engine needs")


@pytest.fixture
def by_ssh(sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sshd:
    """The real ssh with the configuration that knows that sshd, as ~/.ssh/config would."""
    folder, ssh = tmp_path / "bin", shutil.which("ssh")
    folder.mkdir()
    (folder / "ssh").write_text(f'#!/bin/sh\nexec {ssh} -F {shlex.quote(str(sshd.config))} "$@"\n')
    (folder / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return sshd


@pytest.mark.skipif(not shutil.which("docker"), reason="no command docker here, which ssh:// needs on the far side")
def test_a_cell_runs_over_ssh(docker_socket: str, run: Run, by_ssh: Sshd) -> None:
    done = run(DOCKER_HOST=f"ssh://{far_side.ALIAS}{docker_socket}")
    assert done.ran, done.said


def test_ssh_that_does_not_get_there_is_said_with_what_to_type(by_ssh: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"ssh://nobody-known@{far_side.ALIAS}")
    found = reason()
    assert f"the Docker engine at ssh://nobody-known@{far_side.ALIAS} is not reached: " in found
    assert "permission denied, and no password is asked for: put a key into the agent (`ssh-add`)" in found
    by_ssh.known_hosts.write_text("")
    monkeypatch.setenv("DOCKER_HOST", f"ssh://{far_side.ALIAS}")
    assert "the host key is not known yet: connect once with `ssh over-there`" in reason()
    monkeypatch.setenv("PATH", "")
    assert "no ssh on PATH: install OpenSSH's client" in reason()
    monkeypatch.setenv("DOCKER_HOST", "ssh://user:word@host")
    assert "a password has no place in an address" in reason()


def test_a_far_side_without_an_engine_is_said(
    start_sshd: Callable[..., Sshd], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setattr("anyunix.drivers.docker.far_engine.PLACES", str(empty))
    sshd = start_sshd(f"SetEnv PATH={empty}")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {sshd.config} "$@"\n')
    (folder / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", f"ssh://{far_side.ALIAS}")
    assert f"{far_side.ALIAS}: neither docker nor podman is on PATH there: install one of them" in reason()


def test_an_engine_that_vanishes_in_the_middle_breaks_its_cell(docker_socket: str, run: Run) -> None:
    with tcp_relay(docker_socket, vanishes_at=b"::test_") as relay:
        done = run(DOCKER_HOST=f"tcp://127.0.0.1:{relay.port}")
        assert relay.vanished.is_set()
    assert Engine().available() is None  # removes what that run could not
    assert done.status == 3, done.said
    platform = done.matrix["platforms"][0]
    assert platform["status"] == "error"
    assert "the container is lost while it ran " in platform["reason"]


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
        ("tcp://host", "DOCKER_HOST is 'tcp://host', which has no host and port"),
        ("ssh://host/a b", "ssh://host/a b: the path of a socket is expected after the host"),
    ],
)
def test_an_address_that_is_none_is_said(address: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    assert reason().startswith(said)


def test_host_and_port_alone_are_tcp() -> None:
    assert find_address({"DOCKER_HOST": "far:2375"}).url == "tcp://far:2375"


def test_files_of_docker_that_cannot_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "docker"
    make_context(folder, "far", "", None)
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert reason().startswith("the Docker context 'far' (DOCKER_CONTEXT) names no engine: ")
    (folder / "config.json").write_text("{broken")
    monkeypatch.delenv("DOCKER_CONTEXT")
    assert reason().startswith(f"{folder}/config.json, a file of the command `docker`, cannot be read: ")


def test_a_context_is_used_without_a_configuration_file(docker_socket: str, tmp_path: Path) -> None:
    folder = tmp_path / "docker"
    make_context(folder, "near", f"unix://{docker_socket}")
    environment = {"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "near"}
    assert str(find_address(environment)) == f"unix://{docker_socket} (docker context 'near')"
    with closing(socket.socket()):
        assert find_address({**environment, "DOCKER_CONTEXT": "default"}).context == ""
