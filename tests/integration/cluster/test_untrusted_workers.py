"""Workers that send what is no result: code, garbage, far too much. The client reads data, and names who sent it."""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import hostile_worker
from anyunix.catalog.lookup import Catalog
from anyunix.cluster.cluster_pool import ClusterPool
from anyunix.cluster.dask_connection import DaskConnection
from anyunix.cluster.worker_description import read_description
from anyunix.errors import EXIT_NOT_RUN, ConfigurationError
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, SuiteOptions
from checkout import HELPERS
from dask_processes import ALONE, Processes, dask_processes

WAIT_SECONDS = 200.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """With one worker, which answers what the file `mode` says."""
    with dask_processes(tmp_path_factory.mktemp("cluster")) as processes, pytest.MonkeyPatch.context() as patch:
        patch.setenv(hostile_worker.FOLDER, str(processes.folder))
        (processes.folder / hostile_worker.MODE).write_text("")
        preload = str(HELPERS / "hostile_worker.py")
        processes.start_worker("w1", dask=(*ALONE, "--preload", preload))
        yield processes


@pytest.fixture
def answer(cluster: Processes, catalog: Catalog) -> Callable[[str], CellResult]:
    """What becomes of a cell that the worker answers in a mode."""

    def ask(mode: str) -> CellResult:
        for mark in cluster.folder.glob("ran-*"):
            mark.unlink()
        (cluster.folder / hostile_worker.MODE).write_text(mode)
        cell = Cell(catalog.subject("python"), catalog.platform("local"), "dual", probes=("group/test_x.py::test_x",))
        with DaskConnection(cluster.address) as connection, ClusterPool(connection) as pool:
            (result,) = pool.run([cell], SuiteOptions(catalog.suite))
        return result

    return ask


def code_ran(cluster: Processes, pid: int | None = None) -> bool:
    """Whether a process, this one if none is named, has run code of the worker."""
    return (cluster.folder / f"ran-{pid or os.getpid()}").exists()


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("pickle", "expected bytes, found NotData"),
        ("typed", "expected bytes, found NotData"),
        ("broken", "expected bytes, found NotData"),
        ("raises", "its task failed there"),
        ("warns", "no answer of anyunix"),
        ("tells", "no answer of anyunix"),
        ("text", "expected bytes, found"),
        ("nothing", "expected bytes, found"),
        ("garbage", "no answer of anyunix"),
    ],
)
def test_no_code_of_a_worker_is_run(
    mode: str, reason: str, cluster: Processes, answer: Callable[[str], CellResult], capfd: pytest.CaptureFixture[str]
) -> None:
    result = answer(mode)
    assert result.status == "error"
    assert re.match(f"w1[^:]*: {reason}", result.reason), result.reason
    assert not code_ran(cluster)
    assert "printed by a worker" not in capfd.readouterr().out


def test_an_answer_that_is_far_too_large_is_not_read(answer: Callable[[str], CellResult]) -> None:
    before = peak_memory()
    result = answer("huge")
    assert result.status == "error"
    assert re.search(
        r"no answer came from w1\S* on \S+ and w1.*: a message of \d+ bytes; at most \d+ are read", result.reason
    )
    assert peak_memory() - before < hostile_worker.HUGE


def test_what_is_told_and_far_too_large_ends_no_run_without_an_answer(answer: Callable[[str], CellResult]) -> None:
    result = answer("shouts")
    assert result.status == "error"
    assert re.fullmatch(r"the scheduler of the cluster is gone \(.+\); --resume runs it", result.reason)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("metric-pickle", "w1 is no worker of anyunix"),  # by the scheduler, which trusts its workers, it becomes None
        ("metric-typed", "found NotData"),
        ("metric-garbage", "JSON is malformed"),
    ],
)
def test_what_a_worker_says_of_itself_is_data_too(
    mode: str, reason: str, cluster: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyunix.cluster.cluster_pool.WORKERS_SECONDS", 2.0)
    (cluster.folder / hostile_worker.MODE).write_text(mode)
    until = time.monotonic() + WAIT_SECONDS
    with DaskConnection(cluster.address) as connection:
        while reason not in str(read_description(the_only(connection).get("metrics"), "w1")):
            assert time.monotonic() < until
            time.sleep(0.1)
        with pytest.raises(ConfigurationError) as error, ClusterPool(connection):
            pass
    assert reason in str(error.value)
    assert not code_ran(cluster)


def the_only(connection: DaskConnection) -> Mapping[str, Any]:
    """What the scheduler knows of the one worker there is, once it has come."""
    until = time.monotonic() + WAIT_SECONDS
    while not (workers := connection.workers()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return next(iter(workers.values()))


def test_the_command_names_the_worker(cluster: Processes, tmp_path: Path) -> None:
    (cluster.folder / hostile_worker.MODE).write_text("raises")
    selected = ["--platform", "local", "--subject", "python", "--bind", "dual", "-k", "test_ipv4_client_is_served"]
    with subprocess.Popen(
        [sys.executable, "-m", "anyunix", "run", "--cluster", cluster.address, *selected],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == EXIT_NOT_RUN, said
    assert re.search(r"w1 on \S+: its task failed there", said)
    assert "Traceback" not in said
    assert not code_ran(cluster, process.pid)


def peak_memory() -> int:
    """Of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
