"""Results are there while a run goes on."""

from dataclasses import replace
from pathlib import Path

from anyunix.analysis.verdict import exit_status
from anyunix.report.out_folder import OutFolder
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import Artifacts
from anyunix.run.growing import NOT_ENDED, GrowingMatrix
from example_matrix import example


def test_the_matrix_is_there_while_the_run_goes_on(tmp_path: Path) -> None:
    whole = example()
    planned = [replace(cell, status="not-run", reason=NOT_ENDED, probes=()) for cell in whole.cells]
    growing = GrowingMatrix(
        OutFolder(tmp_path), planned, lambda results: replace(whole, cells=tuple(results), verdicts=())
    )
    growing.begin()
    assert {cell.reason for cell in read_matrix(tmp_path).cells} == {NOT_ENDED}
    growing.keep(whole.cells[1], Artifacts((b"<testsuites/>",), "log"))
    found = read_matrix(tmp_path)
    assert [cell.status for cell in found.cells] == ["not-run", "ran", "not-run", "not-run"]
    assert found.cells[1].probes == whole.cells[1].probes
    assert exit_status(found) == 3
    assert (tmp_path / "cells" / "alpine-v6only-c-dual" / "log.txt").read_text() == "log"
