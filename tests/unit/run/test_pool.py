"""anyunix/run/pool.py: in which order cells begin in this process, and what is remembered of how long they took."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.results.model import CellResult
from anyunix.run import RunOptions, Selection, run_matrix
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.cell_times import read_cell_times
from anyunix.run.pool import LocalPool


class Gone(LocalDriver):
    """A platform on which nothing can run, so that its cells have their results at once."""

    def available(self) -> str | None:
        return "it is gone"


class Told:
    """Whose results come, in their order."""

    def __init__(self) -> None:
        self.binds: list[str] = []

    def begins(self, cells: object) -> None: ...

    def says(self, cell: Cell, text: str) -> None:
        """Not looked at."""

    def works(self, worker: str, text: str) -> None:
        """Not looked at."""

    def done(self, cell: Cell, result: CellResult) -> None:
        self.binds.append(cell.bind)


def test_the_longest_begin_first_and_results_stay_in_the_cells_order(
    subject: Subject, local: Platform, tmp_path: Path
) -> None:
    cells = [Cell(subject, local, bind) for bind in ("new", "long", "short", "longest")]
    times = {replace(cells[0], bind=bind).id: each for bind, each in {"long": 60, "short": 1, "longest": 90}.items()}
    told = Told()
    with LocalPool(1, lambda platform: Gone(), times=times) as pool:
        results = pool.run(cells, SuiteOptions(tmp_path), watcher=told)
    assert told.binds == ["short", "longest", "new", "long"], "the shortest one measures for all"
    assert [result.bind for result in results] == [cell.bind for cell in cells]
    assert {result.reason for result in results} == {"it is gone"}


@pytest.mark.parametrize("expression", ["", "test_served"])
def test_a_run_remembers_what_its_cells_took_where_the_whole_suite_ran(
    subject: Subject, local: Platform, make_suite: Callable[[str], Path], tmp_path: Path, expression: str
) -> None:
    suite = make_suite('def test_served(server):\n    """A contract."""\n    server.connect().close()\n')
    cell = Cell(subject, local, "default")
    selection = Selection(Catalog(suite.parent), (subject,), (local,), (cell,), ())
    options = RunOptions(expression, trace="never", cell_times=tmp_path / "times.json")
    matrix = run_matrix(selection, options)
    expected = {} if expression else {cell.id: matrix.cells[0].seconds}
    assert read_cell_times(tmp_path / "times.json") == pytest.approx(expected)
