"""Workers that may not work for a client, and orders that workers may not take: refused, with what mends it."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anyunix import __version__
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cluster.answer_message import CellAnswer, read_answer
from anyunix.cluster.cluster_pool import ClusterPool
from anyunix.cluster.dask_connection import DaskConnection
from anyunix.cluster.order_message import order_of
from anyunix.cluster.shared_key import read_key, signed
from anyunix.cluster.worker_plugin import run_cell
from anyunix.errors import EXIT_NOT_RUN, EXIT_USAGE
from anyunix.results.matrix_file import read_matrix
from anyunix.run.cell import Cell, SuiteOptions
from checkout import ROOT
from dask_processes import ALONE, Processes, dask_processes, new_key

WAIT_SECONDS = 200.0
OLD_VERSION = """\
import msgspec

async def dask_setup(worker):
    plugin = worker.plugins["anyunix"]
    plugin.description = msgspec.structs.replace(plugin.description, version="0.0.1")
"""
COPIED = ("anyunix", "chat", "differences", "Dockerfiles", "platforms", "suite")
BUNDLED = ("--platform", "local", "--subject", "python", "--bind", "dual", "-k", "test_ipv4_client_is_served")
SERVER = """\
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
while True:
    with listener.accept()[0] as peer:
        while data := peer.recv(4096):
            peer.sendall(data)
"""
FOREIGN = """\
title: a server of one's own
files: [server.py]
start: ["{python}", server.py, "{port}"]
ready: '^READY (?P<addresses>\\S+)$'
talk: [{as: ada, send: "hello\\n", expect: "hello"}]
"""
NO_KEY = r"did not come with anyunix, and no worker that could run them has this client's key"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler; each test has workers of its own."""
    with dask_processes(tmp_path_factory.mktemp("cluster")) as processes:
        yield processes


@pytest.fixture
def workers(cluster: Processes) -> Iterator[Processes]:
    """The same, without a worker before and after."""
    try:
        yield cluster
    finally:
        for name in list(cluster.workers):
            cluster.kill(name)
        with DaskConnection(cluster.address) as connection:
            wait_for(lambda: not connection.workers())


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A subject file of a user's own."""
    (tmp_path / "server.py").write_text(SERVER)
    file = tmp_path / "own.yaml"
    file.write_text(FOREIGN)
    return file


def wait_for(there: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not there():
        assert time.monotonic() < until
        time.sleep(0.1)


def ready(cluster: Processes, number: int) -> None:
    """Wait for so many workers, as the scheduler knows them."""
    with DaskConnection(cluster.address) as connection:
        wait_for(lambda: len(connection.workers()) == number)


def run(cluster: Processes, folder: Path, *options: str) -> tuple[int, str]:
    """`anyunix run` on the cluster: its status, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "anyunix", "run", "--cluster", cluster.address, "--out", str(folder / "out"), *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def start_old_one(workers: Processes, name: str) -> None:
    """A worker that says it has another version."""
    preload = workers.folder / "old_version.py"
    preload.write_text(OLD_VERSION)
    workers.start_worker(name, dask=(*ALONE, "--preload", str(preload)))


def test_where_all_are_refused_the_command_says_what_mends_each(
    workers: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_old_one(workers, "old")
    copy = tmp_path / "copy"
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "suite" / "conftest.py").open("a") as file:
        file.write("# another suite\n")
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(copy))
        workers.start_worker("other")
    ready(workers, 2)
    status, said = run(workers, tmp_path, *BUNDLED)
    assert status == EXIT_USAGE, said
    mend = f"pip install 'anyunix[cluster]=={__version__}' there"
    assert f"old has anyunix 0.0.1, this is {__version__}: {mend}" in said
    assert (
        f"other has another suite, or other platforms, than this anyunix {__version__}: install the same wheel" in said
    )


def test_where_one_is_refused_the_others_run_all_and_the_report_names_it(workers: Processes, tmp_path: Path) -> None:
    start_old_one(workers, "old")
    workers.start_worker("w1")
    ready(workers, 2)
    status, said = run(workers, tmp_path, *BUNDLED)
    matrix = read_matrix(tmp_path / "out")
    assert [cell.status for cell in matrix.cells] == ["ran"], said
    assert matrix.cells[0].worker.startswith("w1 on ")
    left = {worker.name: worker.left for worker in matrix.workers}
    assert left["old"].startswith("refused: old has anyunix 0.0.1")
    assert left[matrix.cells[0].worker] == ""
    assert "old has anyunix 0.0.1" in said
    assert status not in (EXIT_USAGE, EXIT_NOT_RUN)


def test_without_a_key_what_came_with_anyunix_runs_and_nothing_else(
    workers: Processes, tmp_path: Path, foreign: Path
) -> None:
    workers.start_worker("w1")
    ready(workers, 1)
    status, said = run(workers, tmp_path, "--platform", "local", "--subject", str(foreign))
    assert status == EXIT_NOT_RUN, said
    (cell,) = read_matrix(tmp_path / "out").cells
    assert cell.status == "not-run"
    assert re.search(NO_KEY, cell.reason)
    assert "--cluster-key FILE here, and `anyunix worker --key FILE` there" in said
    status, said = run(workers, tmp_path, *BUNDLED)
    (cell,) = read_matrix(tmp_path / "out").cells
    assert cell.status == "ran", said


def test_with_the_same_key_on_both_sides_what_is_foreign_runs_and_with_another_it_does_not(
    workers: Processes, tmp_path: Path, foreign: Path
) -> None:
    key = new_key(tmp_path)
    workers.start_worker("w1", key=key)
    ready(workers, 1)
    wanted = ("--platform", "local", "--subject", str(foreign), "-k", "test_ipv4_client_is_served", "--cluster-key")
    _, said = run(workers, tmp_path, *wanted, str(key))
    (cell,) = read_matrix(tmp_path / "out").cells
    assert cell.status == "ran", said
    (tmp_path / "other").mkdir()
    status, said = run(workers, tmp_path, *wanted, str(new_key(tmp_path / "other")))
    (cell,) = read_matrix(tmp_path / "out").cells
    assert status == EXIT_NOT_RUN, said
    assert cell.status == "not-run"
    assert re.search(NO_KEY, cell.reason)


@pytest.mark.parametrize("with_key", [False, True])
def test_a_worker_by_itself_refuses_what_is_foreign_from_who_has_not_its_key(
    with_key: bool, workers: Processes, tmp_path: Path, catalog: Catalog, subject: Subject, local: Platform
) -> None:
    """Sent past the client's own check: unsigned, and signed with another key."""
    key = new_key(tmp_path)
    workers.start_worker("w1", key=key if with_key else None)
    ready(workers, 1)
    for sign in (b"", b"another key of some length"):
        answer = answer_to(workers, Cell(subject, local, "default"), catalog, sign)
        assert answer.result is None
        assert answer.refused == "subject tiny did not come with anyunix"
    own_probes = Cell(catalog.subject("python"), local, "dual")
    assert answer_to(workers, own_probes, catalog, b"", suite="0" * 64).refused.startswith("a suite with other probes")
    if with_key:
        asked = answer_to(workers, Cell(subject, local, "default"), catalog, read_key(key))
        assert "did not come with anyunix" not in asked.refused


def answer_to(cluster: Processes, cell: Cell, catalog: Catalog, key: bytes, suite: str = "") -> CellAnswer:
    """What the only worker answers to a cell whose digests are those of its own files."""
    with DaskConnection(cluster.address) as connection, ClusterPool(connection) as pool:
        own = pool.travelling(Cell(catalog.subject("python"), cell.platform, "dual"), catalog.suite).digests
        digests = own[0], suite or own[1]
        data = order_of(cell, SuiteOptions(catalog.suite), run="r", number=1, digests=digests, measures=False)
        (worker,) = connection.workers()
        sent = connection.send(1, worker, run_cell, signed(data, key), b"", b"", resources=frozenset())
        return read_answer(sent.future.result(timeout=WAIT_SECONDS), cell, "w1")
