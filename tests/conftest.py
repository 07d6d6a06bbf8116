"""What the tests share: a small subject and a small suite, so that a cell takes half a second, and the engine."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sshd as far_side
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Ready, Subject
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.local import LocalOptions
from anyunix.drivers.ssh.ssh_driver import SshDriver
from sshd import Sshd

SERVER = """\
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""


@pytest.fixture(scope="session", autouse=True)
def _signals_of_a_terminal() -> None:
    """As for a job in front of a terminal: nohup, a shell's `&` and some CI systems leave these two ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _no_step_of_a_workflow() -> None:
    """What commands print is compared, in GitHub Actions as elsewhere; tests of what is printed there say so."""
    os.environ.pop("GITHUB_ACTIONS", None)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The project's own platforms, subjects and suite, as installed."""
    return find_catalog()


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """A server of four lines that speaks no protocol."""
    folder = tmp_path / "subject"
    folder.mkdir()
    (folder / "server.py").write_text(SERVER)
    return Subject(
        name="tiny",
        title="a tiny server",
        folder=folder,
        files=("server.py",),
        start=("{python}", "server.py", "{port}"),
        binds={"default": ()},
        ready=Ready("line", r"^READY (?P<addresses>\S+)$"),
    )


@pytest.fixture
def make_suite(tmp_path: Path, catalog: Catalog) -> Callable[[str], Path]:
    """A suite with the real fixtures and one file of probes of the test's own."""

    def make(probes: str) -> Path:
        suite = tmp_path / "suite"
        shutil.copytree(catalog.suite / "support", suite / "support")
        for name in ("conftest.py", "pytest.ini", "start_once.py", "supervise.py"):
            shutil.copy(catalog.suite / name, suite / name)
        (suite / "group").mkdir()
        (suite / "group" / "test_probes.py").write_text(probes)
        return suite

    return make


@pytest.fixture
def support(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The suite's support package importable, as it is on a platform."""
    monkeypatch.syspath_prepend(str(catalog.suite))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "support"]:
        del sys.modules[name]


@pytest.fixture
def local() -> Platform:
    return Platform(name="local", title="this machine", options=LocalOptions())


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
