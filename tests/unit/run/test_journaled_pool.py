"""anyunix/run/journaled_pool.py: what an earlier run has does not run again, and a resumed run is like a whole one.

Real servers on this machine: a probe writes down each time that it runs.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.results.model import Artifacts, CellResult, Matrix
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.journaled_pool import JournaledPool
from anyunix.run.matrix import NOBODY, Keeper, Watcher, cells_of
from anyunix.run.pipeline import RunOptions, run_matrix
from anyunix.run.pool import LocalPool
from anyunix.run.run_journal import FILE, RunJournal, begin_run, resume_run
from anyunix.run.selection import Selection

PROBES = '''
def test_counts(fact):
    """How often this is measured."""
    import pathlib
    with pathlib.Path({place!r}).open("a") as file:
        file.write("fact ")
    fact("a.count", 1)

def test_served(server):
    """A contract."""
    import pathlib
    with pathlib.Path({place!r}).open("a") as file:
        file.write("contract ")
    server.connect().close()
'''
NAMES = ("first", "second", "third")


@dataclass
class Remembered:
    """A watcher and a keeper that remembers."""

    told: list[str] = field(default_factory=list)
    brought: dict[str, Artifacts] = field(default_factory=dict)
    done_with: list[tuple[str, str]] = field(default_factory=list)

    def begins(self, cells: object) -> None: ...

    def says(self, cell: Cell, text: str) -> None:
        self.told.append(f"{cell.name}: {text}")

    def done(self, cell: Cell, result: CellResult) -> None:
        self.done_with.append((cell.name, result.status))

    def works(self, worker: str, text: str) -> None:
        self.told.append(f"{worker}: {text}")

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        self.brought[result.key] = artifacts

    def write_matrix(self, matrix: Matrix) -> None:
        """Not looked at."""


@dataclass
class Bench:
    """Three small servers, this machine, and what ran."""

    folder: Path
    suite: Path
    platform: Platform
    subjects: Sequence[Subject]

    def run(self, journal: RunJournal, *, jobs: int = 1, seen: Remembered | None = None) -> Matrix:
        selection = Selection(
            Catalog(self.suite.parent),
            tuple(self.subjects),
            (self.platform,),
            tuple(cells_of(self.subjects, [self.platform], [])),
            (),
        )
        with LocalPool(jobs, lambda platform: LocalDriver()) as pool:
            own = JournaledPool(pool, journal, {})
            keeper = seen or Remembered()
            return run_matrix(selection, RunOptions(trace="never"), watcher=keeper, keeper=keeper, pool=own)

    def begin(self) -> RunJournal:
        return begin_run(self.folder, self.suite)

    def resume(self) -> RunJournal:
        return resume_run(self.folder, self.suite)

    def forget(self, *names: str) -> None:
        """Take the results of these subjects out of the journal, as if they had not come."""
        first, *lines = (self.folder / FILE).read_text().splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["cell"].split()[1] not in names]
        (self.folder / FILE).write_text("".join([first, *kept]))

    def ran(self) -> list[str]:
        """The probes that ran since this was last asked."""
        place = self.folder / "ran"
        words = place.read_text().split() if place.exists() else []
        place.unlink(missing_ok=True)
        return sorted(words)


@pytest.fixture
def bench(subject: Subject, local: Platform, make_suite: Callable[[str], Path], tmp_path: Path) -> Bench:
    suite = make_suite(PROBES.format(place=str(tmp_path / "out" / "ran")))
    (tmp_path / "out").mkdir()
    return Bench(tmp_path / "out", suite, local, [replace(subject, name=name) for name in NAMES])


def timeless(matrix: Matrix) -> Matrix:
    """But for when it ran, and how long it took."""

    def cell(result: CellResult) -> CellResult:
        return replace(result, seconds=0.0, probes=tuple(replace(each, seconds=0.0) for each in result.probes))

    platforms = tuple(
        replace(each, probes=tuple(replace(probe, seconds=0.0) for probe in each.probes)) for each in matrix.platforms
    )
    return replace(matrix, started="", seconds=0.0, cells=tuple(map(cell, matrix.cells)), platforms=platforms)


@pytest.mark.parametrize("lost", [(), ("first",), ("second", "third")], ids=" ".join)
def test_a_resumed_run_is_as_one_that_was_whole(bench: Bench, lost: tuple[str, ...]) -> None:
    """Whoever was lost: with one job it is the first that measures the facts of the platform."""
    whole, seen = Remembered(), Remembered()
    before = bench.run(bench.begin(), seen=whole)
    assert bench.ran() == ["contract"] * 3 + ["fact"]
    bench.forget(*lost)
    after = bench.run(bench.resume(), seen=seen)
    assert bench.ran() == ["contract"] * len(lost) + ["fact"] * ("first" in lost)
    assert timeless(after) == timeless(before)
    assert {name: len(each.junit) for name, each in seen.brought.items()} == dict.fromkeys(whole.brought, 1)
    for name in {"first", "second", "third"} - {*lost}:
        assert seen.brought[f"local-{name}-default"] == whole.brought[f"local-{name}-default"]
        assert f"local {name} default: known from {bench.folder / FILE}" in seen.told
    assert sorted(seen.done_with) == [(f"local {name} default", "ran") for name in sorted(NAMES)]
    bench.run(bench.resume())
    assert bench.ran() == [], "what the resumed run made is in its journal as well"


def test_where_the_one_that_measures_breaks_again_the_next_one_does(bench: Bench) -> None:
    """The first never comes to measure, and those that are known did not: one more cell measures."""
    bench.run(bench.begin())
    bench.forget("first")
    bench.ran()
    bench.subjects = [replace(bench.subjects[0], start=("python3", "-c", "raise SystemExit(3)")), *bench.subjects[1:]]
    matrix = bench.run(bench.resume())
    assert bench.ran() == ["fact"]
    assert matrix.platforms[0].facts == {"a.count": 1}
    assert [cell.status for cell in matrix.cells] == ["ran"] * 3


def test_what_was_changed_runs_again_and_the_others_do_not(bench: Bench, tmp_path: Path) -> None:
    bench.run(bench.begin())
    bench.ran()
    other = tmp_path / "other"
    other.mkdir()
    (other / "server.py").write_text((bench.subjects[1].folder / "server.py").read_text() + "\n# changed\n")
    bench.subjects = [bench.subjects[0], replace(bench.subjects[1], folder=other), bench.subjects[2]]
    bench.run(bench.resume())
    assert bench.ran() == ["contract"]


def test_the_same_cell_twice_is_two_results(bench: Bench) -> None:
    """A failure that is confirmed is no copy of itself: both runs are made, and both are known in the next run."""
    cell = Cell(bench.subjects[0], bench.platform, "default", probes=("group/test_probes.py::test_served",))

    def twice(journal: RunJournal) -> list[float]:
        with LocalPool(2, lambda platform: LocalDriver()) as pool:
            own = JournaledPool(pool, journal, {})
            how = SuiteOptions(bench.suite)
            found = [*own.run([cell, cell], how), *own.run([cell], how)]
        return [result.seconds for result in found]

    first = twice(bench.begin())
    assert len(set(first)) == 3
    assert bench.ran() == ["contract"] * 3
    assert twice(bench.resume()) == first
    assert bench.ran() == []


def test_whoever_hears_each_line_has_a_journal_of_his_own(bench: Bench) -> None:
    journal = bench.begin()
    with LocalPool(1, lambda platform: LocalDriver()) as pool:
        how = SuiteOptions(bench.suite, hears=lambda line, say: None)
        JournaledPool(pool, journal, {}).run([Cell(bench.subjects[0], bench.platform, "default")], how)
    assert len(bench.resume()) == 0


def test_a_journal_that_cannot_be_written_costs_no_result(bench: Bench) -> None:
    (bench.folder / FILE).mkdir()
    journal = bench.begin()
    matrix = bench.run(journal, jobs=3)
    assert [cell.status for cell in matrix.cells] == ["ran"] * 3
    assert journal.problems == {bench.folder / FILE: "not a regular file: move it away"}


@dataclass
class Instant:
    """A pool of another kind, with two workers; it says how it was asked."""

    machines: int = 2
    jobs: int = 7
    workers: tuple[()] = ()
    ran: list[str] = field(default_factory=list)

    def suited(self, platform: Platform) -> Platform:
        return replace(platform, emulator="")

    def run(
        self, cells: Sequence[Cell], how: SuiteOptions, *, watcher: Watcher = NOBODY, keeper: Keeper = NOBODY
    ) -> list[CellResult]:
        results = [cell.result("ran" if cell.bind == "default" else "error") for cell in cells]
        for cell, result in reversed([*zip(cells, results, strict=True)]):  # they come as they end
            watcher.works("worker-1", f"does {cell.name}")
            keeper.keep(result, Artifacts(log=cell.name))
            watcher.done(cell, result)
            self.ran.append(cell.name)
        return results


def test_any_pool_can_have_a_journal(bench: Bench) -> None:
    first, second = (Cell(each, bench.platform, "default") for each in bench.subjects[:2])
    broken = replace(first, bind="ipv6")
    pool, seen = Instant(), Remembered()
    own = JournaledPool(pool, bench.begin(), {})
    assert (own.machines, own.jobs, own.workers) == (2, 7, ())
    assert own.suited(replace(bench.platform, emulator="qemu")).emulator == ""
    results = own.run([broken, first], SuiteOptions(bench.suite), watcher=seen, keeper=seen)
    assert [result.status for result in results] == ["error", "ran"]
    assert seen.brought[first.key].log == first.name
    assert f"worker-1: does {first.name}" in seen.told
    own = JournaledPool(pool, bench.resume(), {})
    again = own.run([second, first, broken], SuiteOptions(bench.suite))
    assert [result.subject for result in again] == ["second", "first", "first"]
    assert pool.ran == [first.name, broken.name, broken.name, second.name]
