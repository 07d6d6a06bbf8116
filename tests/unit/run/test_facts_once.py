"""The facts of a platform are measured by one of its cells, by the next one where that broke, and never by two."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.results.model import Matrix
from anyunix.run.facts_once import FactsOnce
from anyunix.run.matrix import cells_of
from anyunix.run.pipeline import RunOptions, run_matrix
from anyunix.run.selection import Selection

PROBES = '''
def test_counts(fact):
    """How often this is measured."""
    import os, pathlib
    file = pathlib.Path(os.environ["COUNT"])
    file.write_text(file.read_text() + "x" if file.exists() else "x")
    fact("a.count", len(file.read_text()))

def test_served(server):
    """A contract."""
    server.connect().close()
'''


BROKEN = ("python3", "-c", "raise SystemExit(3)")


@pytest.fixture
def run(subject: Subject, local: Platform, make_suite: Callable[[str], Path], tmp_path: Path) -> Callable[..., Matrix]:
    suite = make_suite(PROBES.replace('os.environ["COUNT"]', repr(str(tmp_path / "count"))))

    def run_subjects(*subjects: Subject, jobs: int = 1) -> Matrix:
        cells = tuple(cells_of(subjects, [local], []))
        selection = Selection(Catalog(suite.parent), subjects, (local,), cells, ())
        return run_matrix(selection, RunOptions(jobs=jobs, trace="never"), make_driver=lambda platform: LocalDriver())

    return run_subjects


@pytest.mark.parametrize("jobs", [1, 3])
def test_one_cell_measures_and_all_have_it(run: Callable[..., Matrix], subject: Subject, jobs: int) -> None:
    matrix = run(*(replace(subject, name=name) for name in ("first", "second", "third")), jobs=jobs)
    assert [(cell.status, len(cell.kept()), cell.facts) for cell in matrix.cells] == [("ran", 1, {"a.count": 1})] * 3
    assert matrix.platforms[0].facts == {"a.count": 1}


def test_the_next_cell_measures_where_the_first_cannot(run: Callable[..., Matrix], subject: Subject) -> None:
    matrix = run(replace(subject, name="first", start=BROKEN), replace(subject, name="second"))
    assert [(cell.status, cell.facts) for cell in matrix.cells] == [("ran", {}), ("ran", {"a.count": 1})]


def test_what_the_only_cell_to_measure_lost_is_measured_after_all(
    run: Callable[..., Matrix], subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FactsOnce, "give_up", lambda *_: None)  # as if the other cell had begun before the first broke
    matrix = run(replace(subject, name="first", start=BROKEN), replace(subject, name="second"))
    assert [(cell.status, cell.facts) for cell in matrix.cells] == [("ran", {}), ("ran", {"a.count": 1})]
