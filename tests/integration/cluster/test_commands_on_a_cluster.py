"""Commands that run cells give the same answers with `--cluster` as without."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from checkout import ROOT
from dask_processes import Processes, dask_processes, new_key
from tiny_catalog import LISTENS, make_tiny, write_fault

pytestmark = pytest.mark.timeout(900)
"""For a busy machine: it takes a minute where nothing else runs."""
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


def test_mutation_of_our_own_server_finds_the_same(both: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    faults = ["--fault", "no-append", "--fault", "first-address"]
    chosen = ["--platform", "local", "--subject", "python", *faults, "--out", str(out)]
    here, there = both("mutation", *chosen, read=(out / "mutation.json").read_text)
    assert there == here
    assert here[0] == 0


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace on PATH")
def test_a_sweep_is_shared_and_finds_the_same(both: Callable[..., Any], tmp_path: Path) -> None:
    names = (
        "serving-accept-socket-ECONNABORTED-first",
        "serving-read-client-ECONNRESET-first",
        "serving-write-log-EINTR-first",
        "ending-wait-EINTR-first",
    )
    chosen = [word for name in names for word in ("--injection", name)]
    subject = str(ROOT / "tests" / "sweep" / "weak.yaml")
    here, there = both("sweep", "--subject", subject, "--json", "--out", str(tmp_path), *chosen)
    answers = {each["id"]: each["answer"] for each in here[1]["injections"]}
    assert answers == dict.fromkeys(names, "broken")
    assert {each["id"]: each["answer"] for each in there[1]["injections"]} == answers
    assert there[0] == here[0] == 1


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
