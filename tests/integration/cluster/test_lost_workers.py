"""Workers that die, hang or are killed by a cell; a scheduler that goes away; a user who has enough."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cluster.cluster_pool import ClusterPool
from anyunix.cluster.dask_connection import DaskConnection
from anyunix.cluster.shared_key import read_key
from anyunix.drivers.docker.engine import Engine
from anyunix.errors import EXIT_INTERRUPTED
from anyunix.results.model import Artifacts, CellResult
from anyunix.run import Choice, RunOptions, run_matrix, select
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.matrix import LOST, Nobody
from dask_processes import WAIT_SECONDS, Processes, wait_for
from timeless import without_times

KEPT = "def test_kept(server):\n    server()\n"
WAITING = "import time\n\n\ndef test_it_waits(server):\n    server()\n    time.sleep(50)\n"
KILLING = """\
import os, signal
from pathlib import Path

def test_it_kills_its_worker(server):
    pid = os.getppid()
    while b"dask_worker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(pid, signal.SIGKILL)
"""


class Listening(Nobody):
    """Keeps and watches, and does something when a worker begins to work."""

    def __init__(self, at_work: Callable[[str, str], None] = lambda worker, text: None) -> None:
        self.at_work = at_work
        self.told: list[tuple[str, str]] = []
        self.kept: list[str] = []

    def works(self, worker: str, text: str) -> None:
        self.told.append((worker, text))
        self.at_work(worker, text)

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        self.kept.append(result.key)


@contextmanager
def pool_on(cluster: Processes, workers: Sequence[str], **options: object) -> Iterator[ClusterPool]:
    """The pool, once all of these have joined."""
    assert cluster.key is not None
    for name in workers:
        cluster.start_worker(name, key=cluster.key, **options)  # type: ignore[arg-type]
    with DaskConnection(cluster.address) as connection:
        wait_for(lambda: len(connection.workers()) == len(workers), cluster)
        with ClusterPool(connection, read_key(cluster.key)) as pool:
            wait_for(lambda: pool.members.see(connection.workers()) == [] and pool.machines == len(workers), cluster)
            yield pool


def cells_of(subject: Subject, platforms: Sequence[Platform]) -> list[Cell]:
    return [Cell(subject, platform, "default") for platform in platforms]


def test_the_matrix_is_that_of_one_machine_though_a_worker_is_killed_in_the_middle(
    cluster: Processes, engine: Engine
) -> None:
    choice = Choice(platforms=("local", "local-v6only", "alpine"), binds=("dual",))
    options = RunOptions("binding and served or signals and sigterm", jobs=2, trace="never", experiment_seconds=0)
    selection = select(choice)
    alone = run_matrix(selection, options)
    killed: list[str] = []

    def kill(worker: str, text: str) -> None:
        if not killed and worker.startswith("w2") and "c" in text and "joined" not in text:
            killed.append(worker)
            cluster.kill("w2")

    listening = Listening(kill)
    with pool_on(cluster, ("w1", "w2", "w3"), engine="") as pool:
        together = run_matrix(selection, options, watcher=listening, keeper=listening, pool=pool)
    assert killed
    assert without_times(together) == without_times(alone)
    assert sorted(listening.kept) == sorted(cell.key for cell in alone.cells)
    by_name = {worker.name.partition(" ")[0]: worker for worker in together.workers}
    assert by_name["w2"].left == "it died or left"
    assert sum(worker.cells for worker in together.workers) >= len(alone.cells)
    assert not by_name["w1"].left
    assert not by_name["w3"].left


def test_a_worker_that_hangs_is_lost_and_its_cell_runs_elsewhere(
    cluster: Processes,
    subject: Subject,
    make_suite: Callable[[str], Path],
    local: Platform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("anyunix.cluster.members.HANG_SECONDS", 5.0)
    hung: list[str] = []

    def hang(worker: str, text: str) -> None:
        if not hung and "tiny" in text:
            hung.append(worker)
            cluster.hang(worker.partition(" ")[0])

    listening = Listening(hang)
    with pool_on(cluster, ("w1", "w2")) as pool:
        (result,) = pool.run(cells_of(subject, [local]), SuiteOptions(make_suite(KEPT)), watcher=listening)
    assert result.status == "ran"
    assert result.worker not in hung
    assert (hung[0], f"{LOST}it has not answered for 5 s") in listening.told


def test_a_worker_that_is_ended_takes_no_cell_with_it(
    cluster: Processes, subject: Subject, make_suite: Callable[[str], Path], local: Platform
) -> None:
    ended: list[str] = []

    def end(worker: str, text: str) -> None:
        if not ended and "tiny" in text:
            ended.append(worker)
            cluster.workers[worker.partition(" ")[0]].terminate()

    with pool_on(cluster, ("w1", "w2")) as pool:
        suite = make_suite("import time\ndef test_kept(server):\n    server()\n    time.sleep(5)\n")
        (result,) = pool.run(cells_of(subject, [local]), SuiteOptions(suite), watcher=Listening(end))
    assert (result.status, result.reason) == ("ran", "")
    assert ended
    assert result.worker not in ended


def test_a_cell_that_kills_two_workers_is_an_error_and_the_others_run(
    cluster: Processes, subject: Subject, make_suite: Callable[[str], Path], local: Platform
) -> None:
    suite = make_suite(KEPT)
    (suite / "group" / "test_killing.py").write_text(KILLING)
    kept, killing = "group/test_probes.py::test_kept", "group/test_killing.py::test_it_kills_its_worker"
    cells = [Cell(subject, local, "default", probes=(probe,)) for probe in (killing, kept, kept)]
    listening = Listening()
    with pool_on(cluster, ("w1", "w2", "w3")) as pool:
        results = pool.run(cells, SuiteOptions(suite), watcher=listening, keeper=listening)
        left = {worker.name: worker.left for worker in pool.workers if worker.left}
    assert [result.status for result in results] == ["error", "ran", "ran"]
    one, other = sorted(left)
    both = [f"{one} and {other}", f"{other} and {one}"]
    assert results[0].reason in [f"{names} were lost while they ran it" for names in both]
    assert len(listening.kept) == len(cells)


def test_without_its_scheduler_a_run_keeps_what_is_done_and_says_what_is_not(
    cluster: Processes,
    subject: Subject,
    make_suite: Callable[[str], Path],
    local: Platform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    suite = make_suite(KEPT)
    (suite / "group" / "test_last.py").write_text(WAITING)
    first, last = "group/test_probes.py::test_kept", "group/test_last.py::test_it_waits"
    cells = [Cell(subject, local, "default", probes=(probe,)) for probe in (first, last)]

    class KillsTheScheduler(Listening):
        def keep(self, result: CellResult, artifacts: Artifacts) -> None:
            super().keep(result, artifacts)
            if len(self.kept) == 1:
                cluster.kill_scheduler()

    monkeypatch.setattr("anyunix.cluster.dask_connection.CONNECT_SECONDS", 8.0)
    with pool_on(cluster, ("w1",)) as pool:
        results = pool.run(cells, SuiteOptions(suite), keeper=KillsTheScheduler())
    assert [result.status for result in results] == ["ran", "error"]
    assert re.fullmatch(r"the scheduler of the cluster is gone \(.*\); --resume runs it", results[1].reason)


def test_where_the_last_worker_goes_the_rest_is_not_answered(
    cluster: Processes,
    subject: Subject,
    make_suite: Callable[[str], Path],
    local: Platform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("anyunix.cluster.cluster_job.REJOIN_SECONDS", 2.0)
    listening = Listening(lambda worker, text: "tiny" in text and "w1" in cluster.workers and cluster.kill("w1"))
    with pool_on(cluster, ("w1",)) as pool:
        (result,) = pool.run(cells_of(subject, [local]), SuiteOptions(make_suite(KEPT)), watcher=listening)
    assert (result.status, result.reason) == ("error", "no worker of the cluster was left for 2 s; --resume runs it")


def test_a_worker_that_comes_later_runs_cells_too(
    cluster: Processes, subject: Subject, make_suite: Callable[[str], Path], local: Platform
) -> None:
    def next_one(worker: str, text: str) -> None:
        if "tiny" in text and "w1" in cluster.workers:
            cluster.start_worker("w2", key=cluster.key)
            cluster.kill("w1")

    with pool_on(cluster, ("w1",)) as pool:
        (result,) = pool.run(cells_of(subject, [local]), SuiteOptions(make_suite(KEPT)), watcher=Listening(next_one))
    assert (result.status, result.worker.partition(" ")[0]) == ("ran", "w2")


def test_ctrl_c_takes_down_what_every_worker_has_up(
    cluster: Processes, tmp_path: Path, make_suite: Callable[[str], Path]
) -> None:
    cluster.start_worker("w1", key=cluster.key)
    probes = tmp_path / "own"
    probes.mkdir()
    (probes / "test_own.py").write_text(WAITING)
    on_cluster = ["--cluster", cluster.address, "--cluster-key", str(cluster.key)]
    wanted = ["--platform", "local", "--subject", "python", "--probes", str(probes), "-k", "test_it_waits"]
    process = subprocess.Popen(
        [sys.executable, "-m", "anyunix", "run", *on_cluster, *wanted],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    wait_for(lambda: bool(processes_below(cluster, "w1", "pytest")), cluster)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=WAIT_SECONDS)[0]
    assert process.returncode == EXIT_INTERRUPTED, said
    assert "Traceback" not in said
    wait_for(lambda: not processes_below(cluster, "w1", ""), cluster)
    assert cluster.workers["w1"].poll() is None


def processes_below(cluster: Processes, name: str, word: str) -> list[str]:
    """The command lines of what a worker has started, with a word in them."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            pid = int(entry.name)
            parents[pid] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            lines[pid] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    top, below = cluster.workers[name].pid, set[int]()
    while more := {pid for pid, parent in parents.items() if parent in {top, *below}} - below:
        below |= more
    return [lines[pid] for pid in below if word in lines.get(pid, "")]
