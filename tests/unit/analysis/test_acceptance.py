"""`anyunix accept`: one entry for a contract that fails on every platform, and none that is there already."""

from datetime import date
from pathlib import Path

import pytest

from anyunix.analysis.acceptance import accept
from anyunix.analysis.expectations import read_expectations
from anyunix.results.model import CellResult, Matrix, Outcome, Probe

PROBE = "g/test_x.py::test_a"
TODAY = date(2026, 6, 1)


def matrix(**outcomes: Outcome) -> Matrix:
    """Platform_bind -> outcome."""
    cells = tuple(
        CellResult("c", platform, bind, "ran", probes=(Probe(PROBE, "contract", outcome, "E   no"),))
        for name, outcome in outcomes.items()
        for platform, _, bind in [name.partition("_")]
    )
    return Matrix((), cells, "debian")


@pytest.mark.parametrize(
    ("run", "entries"),
    [
        (matrix(debian_dual="failed", alpine_dual="failed"), {"*": ("dual",)}),
        (matrix(debian_dual="failed", alpine_dual="failed", bsd_dual="skipped"), {"*": ("dual",)}),
        (matrix(debian_dual="failed", alpine_dual="passed"), {"debian": ("dual",)}),
        (matrix(debian_dual="failed"), {"debian": ("dual",)}),
        (
            matrix(debian_dual="failed", debian_first="passed", alpine_dual="failed", alpine_first="failed"),
            {"debian": ("dual",), "alpine": ("dual", "first")},
        ),
    ],
)
def test_one_entry_for_all_platforms_where_it_fails_on_all(
    run: Matrix, entries: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    (done,) = accept(run, tmp_path, TODAY)
    read = read_expectations(tmp_path / "c.yaml", drafts=True)
    assert {entry.platform: entry.binds for entry in read.entries} == entries
    assert len(done.added) == len(entries)
    (again,) = accept(run, tmp_path, TODAY)
    assert (again.added, again.uncovered) == ((), ())


def test_an_entry_for_all_is_one_for_each(tmp_path: Path) -> None:
    accept(matrix(debian_dual="failed", alpine_dual="failed"), tmp_path, TODAY)
    (done,) = accept(matrix(debian_dual="failed"), tmp_path, TODAY)
    assert (done.added, done.uncovered) == ((), ())
    (done,) = accept(matrix(debian_first="failed"), tmp_path, TODAY)
    assert [each.entry.binds for each in done.uncovered] == [("first",)]
