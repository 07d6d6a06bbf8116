"""What is really there, or else the test is left out: a Docker engine, and an sshd to reach this machine by."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sshd as far_side
import wheel
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.ssh.ssh_driver import SshDriver
from sshd import Sshd
from wheel import Installed


@pytest.fixture(scope="session")
def engine() -> Engine:
    """A Docker engine that answers. Where ANYUNIX_REQUIRE_DOCKER is set, as in CI, its absence is a failure."""
    engine = Engine()
    if reason := engine.available():
        if os.environ.get("ANYUNIX_REQUIRE_DOCKER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return engine


@pytest.fixture(scope="session")
def sshd_here() -> None:
    """OpenSSH, both halves. Where ANYUNIX_REQUIRE_SSHD is set, as in CI, its absence is a failure."""
    if reason := far_side.missing():
        if os.environ.get("ANYUNIX_REQUIRE_SSHD"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """anyunix as a wheel, outside of the checkout."""
    return wheel.install(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def there() -> Iterator[Path]:
    """TMPDIR of the far side; a short path, because sockets are made below it."""
    with tempfile.TemporaryDirectory(prefix="there-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
def sshd(sshd_here: None, tmp_path: Path, there: Path) -> Iterator[Sshd]:
    """An sshd on loopback, with its own keys."""
    with far_side.started(tmp_path, there) as server:
        yield server


@pytest.fixture
def start_sshd(sshd_here: None, tmp_path: Path, there: Path) -> Iterator[Callable[..., Sshd]]:
    """Start an sshd with more settings."""
    with contextlib.ExitStack() as stack:
        yield lambda *settings: stack.enter_context(far_side.started(tmp_path, there, *settings))


@pytest.fixture
def connect() -> Iterator[Callable[[Sshd], SshDriver]]:
    """Drivers that are up, and taken down at the end."""
    drivers: list[SshDriver] = []

    def connect(sshd: Sshd) -> SshDriver:
        drivers.append(SshDriver(sshd.target))
        drivers[-1].up(lambda text: None)
        return drivers[-1]

    yield connect
    for driver in drivers:
        driver.down()
