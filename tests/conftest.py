"""What the tests share: a small subject and a small suite, so that a cell takes half a second."""

import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.starting import Ready
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalOptions

LONG = Path(__file__).parent / "integration"
SERVER = """\
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes first, and of these, as of the others, those with the most tests: of several workers
    none is left alone with a long one at the end.
    """
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (not item.path.is_relative_to(LONG), -tests[item.path], item.path))


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
        for file in (catalog.suite / "pytest.ini", *catalog.suite.glob("*.py")):
            shutil.copy(file, suite / file.name)
        (suite / "group").mkdir()
        (suite / "group" / "test_probes.py").write_text(probes)
        return suite

    return make


@pytest.fixture
def local() -> Platform:
    return Platform(name="local", title="this machine", options=LocalOptions())
