"""Commands that run cells give the same answers with `--cluster` as without."""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.run.matrix import Watcher
from anyunix.run.pool import Pool
from anyunix.sweep.sweep_journal import Journal
from anyunix.sweep.sweep_run import SweepOptions, sweep
from anyunix.sweep.swept import Sweeps
from checkout import ROOT
from dask_processes import Processes, dask_processes, new_key
from tiny_catalog import LISTENS, make_tiny, write_fault

pytestmark = pytest.mark.timeout(900)
"""For a busy machine: it takes a minute where nothing else runs."""
WAIT_SECONDS = 200.0
TIMES = re.compile(r"seconds|started|minutes")
PROBES = '''\
from support.marks import explained_by


@explained_by("ipv6.v6only_default", "getaddrinfo.passive_order", failing="IPv4 clients are refused")
def test_served(server):
    """A client of 127.0.0.1 is served."""
    server.serve("127.0.0.1")
'''


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler and two workers that have the key."""
    folder = tmp_path_factory.mktemp("cluster")
    with dask_processes(folder) as processes:
        processes.key = new_key(folder)
        for name in ("w1", "w2"):
            processes.start_worker(name, key=processes.key)
        yield processes


@pytest.fixture
def both(
    cluster: Processes, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[tuple[int, Any], tuple[int, Any]]]:
    """Exit status and JSON of a command, without a cluster and on it; `read` says what its answer is, else stdout."""

    def run(arguments: list[str], read: Callable[[], str] | None = None) -> tuple[int, Any]:
        status = main(arguments)
        printed = capsys.readouterr()
        try:
            return status, without_times(json.loads(read() if read else printed.out))
        except json.JSONDecodeError:
            raise AssertionError(printed, {name: cluster.log_of(name)[-2000:] for name in cluster.workers}) from None

    def answers(*arguments: str, read: Callable[[], str] | None = None) -> tuple[tuple[int, Any], tuple[int, Any]]:
        on_it = ["--cluster", cluster.address, "--cluster-key", str(cluster.key)]
        return run([*arguments], read), run([*arguments, *on_it], read)

    return answers


def without_times(value: Any) -> Any:
    if isinstance(value, list):
        return [without_times(each) for each in value]
    if isinstance(value, dict):
        return {
            name: without_times(each)
            for name, each in value.items()
            if not TIMES.search(name) and name not in ("worker", "workers", "line")
        }
    return value


def test_mutation_finds_the_same(
    both: Callable[..., Any], make_suite: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = make_tiny(tmp_path, make_suite(""))
    write_fault(tiny.root, "unseen", caught_by=[LISTENS])
    monkeypatch.setattr("anyunix.commands.mutation.find_catalog", lambda: tiny)
    out = tmp_path / "out"
    here, there = both("mutation", "--out", str(out), read=(out / "mutation.json").read_text)
    assert {each["fault"]: each["answer"] for each in here[1]["findings"]} == {"rude": "caught", "unseen": "missed"}
    assert there == here
    assert here[0] == 1


@pytest.mark.skipif(not os.environ.get("ANYUNIX_FULL"), reason="by night: a tiny server says the same by day")
def test_mutation_of_our_own_server_finds_the_same(both: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    faults = ["--fault", "no-append", "--fault", "first-address"]
    chosen = ["--platform", "local", "--subject", "python", *faults, "--out", str(out)]
    here, there = both("mutation", *chosen, read=(out / "mutation.json").read_text)
    assert there == here
    assert here[0] == 0


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace on PATH")
def test_a_sweep_is_shared_and_finds_the_same(
    both: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {
        "starting-parent-socket-SOCK_STREAM-EMFILE-first": "kept",
        "starting-parent-listen-socket-SOMAXCONN-ENOBUFS-first": "kept",
        "starting-parent-bind-socket-0.0.0.0-port-EADDRINUSE-first": "broken",
        "starting-parent-open-pid-O_CREAT-O_TRUNC-O_WRONLY-EACCES-first": "broken",
    }
    shares: list[list[int]] = []

    def watched(options: SweepOptions, suite: Path, journal: Journal, pool: Pool, watcher: Watcher) -> Sweeps:
        found = sweep(options, suite, journal, pool, watcher)
        shares.append([worker.cells for worker in pool.workers])
        return found

    monkeypatch.setattr("anyunix.commands.sweep.sweep", watched)
    chosen = [word for name in known for word in ("--injection", name)]
    subject = str(ROOT / "tests" / "sweep" / "weak.yaml")
    here, there = both("sweep", "--subject", subject, "--json", "--out", str(tmp_path), *chosen)
    answers = {each["id"]: each["answer"] for each in here[1]["injections"]}
    assert answers == known
    assert {each["id"]: each["answer"] for each in there[1]["injections"]} == known
    assert there[0] == here[0] == 1
    assert [sorted(share) for share in shares] == [[], [1, 2]]  # a session, and half of the injections each


def test_differences_break_the_same(
    both: Callable[..., Any], catalog: Catalog, make_suite: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = make_suite(PROBES)
    (suite / "group").rename(suite / "binding")
    (suite / "binding" / "test_probes.py").rename(suite / "binding" / "test_a_contracts.py")
    small = nullcontext(replace(catalog, own_suite=suite))
    monkeypatch.setattr("anyunix.commands.differences.with_probes", lambda catalog, folders: small)
    chosen = ["v6only-default", "accept-nonblock", "--system", "freebsd", "--subject", "python", "--bind", "first"]
    here, there = both("differences", *chosen, "--json")
    assert there == here
    assert here[0] in (0, 1)


def test_preflight_gives_the_same_answer(both: Callable[..., Any], tmp_path: Path) -> None:
    chosen = ["local", "--subject", "python", "-k", "sigterm", "--out", str(tmp_path / "out")]
    here, there = both("preflight", *chosen, "--json")
    assert there == here
    assert here[0] == 0


def test_a_cluster_is_for_those_that_run_cells(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["differences", "--cluster", "local:2"]) == 2
    assert "--cluster: only with --subject" in capsys.readouterr().err


def test_the_workers_are_listed(cluster: Processes, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ["list", "workers", "--cluster", cluster.address]
    shown: list[dict[str, Any]] = []
    until = time.monotonic() + WAIT_SECONDS
    while len([each for each in shown if not each["refused"]]) < 2:
        assert time.monotonic() < until, shown
        assert main([*chosen, "--cluster-key", str(cluster.key), "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)["workers"]
    for each, name in zip(shown, ("w1 on ", "w2 on "), strict=True):
        assert each["name"].startswith(name)
        assert (each["jobs"], each["has_the_key"]) == (1, True)
        assert "local" in each["platforms"]
        assert "no Docker engine answers at unix:///nowhere/docker.sock" in each["lacks"]["debian"]
    assert main(chosen) == 0
    said = capsys.readouterr().out
    assert "w1 on " in said
    assert "this client's key" not in said
    assert "not alpine, " in said


@pytest.mark.parametrize("arguments", [["workers"], ["platforms", "--cluster", "tcp://127.0.0.1:1"]])
def test_workers_are_those_of_a_cluster(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", *arguments]) == 2
    assert "list workers --cluster ADDRESS shows a scheduler's workers" in capsys.readouterr().err
