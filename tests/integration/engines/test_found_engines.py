"""A real cell through each way to an engine elsewhere, and what is said where there is none at its end."""

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import sshd as far_side
from anyunix.drivers.docker.engine import Engine
from docker_context import make_context
from short_cell import NAMES, Run
from sshd import Sshd
from tcp_relay import make_certificates, tcp_relay


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


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
