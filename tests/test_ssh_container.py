"""Driver ssh against a container: an ordinary user with csh, a small disk, no Python, no compiler."""

import contextlib
import io
import socket
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.registry import Drivers
from anyunix.drivers.ssh.destination import Destination
from anyunix.drivers.ssh.ssh_driver import SshDriver
from anyunix.drivers.ssh.ssh_options import SshOptions
from anyunix.errors import PlatformError
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from sshd import until

DOCKERFILE = Path(__file__).with_name("sshd.Dockerfile")
TAG = "anyunix-test/sshd"
MakeMachine = Callable[..., Destination]


def quiet(text: str) -> None:
    """Nobody listens."""


@pytest.fixture
def machine(sshd_here: None, engine: Engine, tmp_path: Path) -> Iterator[MakeMachine]:
    """Start a container with an sshd; where to reach it as its ordinary user."""
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    with contextlib.ExitStack() as stack:

        def make(small: str = "size=64m", prepare: str = "true") -> Destination:
            engine.client().images.build(
                path=str(DOCKERFILE.parent), dockerfile=DOCKERFILE.name, tag=TAG, rm=True, forcerm=True
            )
            container = engine.client().containers.run(
                TAG,
                detach=True,
                init=True,
                ports={"22/tcp": ("127.0.0.1", None)},
                tmpfs={"/small": f"exec,mode=1777,{small}"},
                environment={"KEY": key.with_suffix(".pub").read_text(), "WHERE": "/small"},
            )
            stack.callback(container.remove, force=True, v=True)
            assert container.exec_run(["sh", "-c", prepare]).exit_code == 0
            return reachable(container, tmp_path, key)

        yield make


def reachable(container: Any, folder: Path, key: Path) -> Destination:
    container.reload()
    port = int(container.attrs["NetworkSettings"]["Ports"]["22/tcp"][0]["HostPort"])

    def greets() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
        return False

    until(greets, "sshd's greeting")
    host_key = container.exec_run(["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]).output.decode().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(host_key[:2])}\n")
    config = folder / f"config-{port}"
    config.write_text(
        f"Host *\n  IdentityFile {key}\n  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n"
        "  HostKeyAlgorithms ssh-ed25519\n"
    )
    return Destination("127.0.0.1", "ada", port, config)


def cell(target: Destination, subject: Subject, suite: Path, cross: str = "", expression: str = "") -> CellResult:
    platform = Platform("there", "there", SshOptions(f"ssh://{target}", str(target.config)), cross=cross)
    found = Cell(subject, platform, next(iter(subject.binds)))
    order = SuiteOptions(suite, expression)
    with order.cross_builds:
        return CellRun(found, Drivers().for_platform(platform), order, quiet).run()


def test_an_ordinary_user_with_csh(machine: MakeMachine, catalog: Catalog) -> None:
    target = machine()
    result = cell(target, catalog.subject("python"), catalog.suite, expression="binding")
    assert result.status == "ran", result.reason
    assert not [probe for probe in result.probes if probe.outcome in ("failed", "error")]
    driver = SshDriver(target)
    driver.up(quiet)
    try:
        said = driver.run(["sh", "-c", "id -un; echo $0 'a!b'; ls -a .."], env={}, timeout=20).stdout.split()
    finally:
        driver.down()
    assert said == ["ada", "sh", "a!b", ".", "..", "agents", "owner", "work"]


def test_without_a_compiler_what_is_missing_is_said_or_built_here(machine: MakeMachine, catalog: Catalog) -> None:
    target = machine()
    result = cell(target, catalog.subject("c"), catalog.suite)
    assert result.status == "not-run"
    assert result.reason.startswith(
        "no cc and no make on there: install it there, or have the subject built here: `cross: TARGET`"
    )
    result = cell(target, catalog.subject("c"), catalog.suite, "x86_64-linux-gnu", "test_ipv4_client_is_served")
    assert (result.status, result.reason) == ("ran", "")
    assert "zig cc" in result.compiler


def test_no_python_there(machine: MakeMachine) -> None:
    target = machine(prepare="rm /usr/bin/python3*")
    assert "no python3 on PATH there: install Python 3.10 or newer" in str(SshDriver(target).available())


def test_a_disk_that_is_too_small(machine: MakeMachine, tmp_path: Path) -> None:
    archive = tmp_path / "large.tar"
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo("large")
        member.size = 8 * 1024 * 1024
        tar.addfile(member, io.BytesIO(bytes(member.size)))
    driver = SshDriver(machine(small="size=1m"))
    driver.up(quiet)
    try:
        with pytest.raises(PlatformError, match=r"unpacked in /small/anyunix-ssh-\w+ on .*: No space left on device"):
            driver.put(archive)
        done = driver.run(["sh", "-c", "rm -f large; ls"], env={}, timeout=20)
        assert (done.status, done.stdout) == (0, "")
    finally:
        driver.down()


def test_a_disk_that_is_full(machine: MakeMachine) -> None:
    driver = SshDriver(machine(small="nr_inodes=1"))
    with pytest.raises(PlatformError, match="no temporary folder there: No space left on device: /small/anyunix-ssh"):
        driver.up(quiet)
