"""`anyunix report --history`: earlier runs, in any order, on the terminal and in the page."""

from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.cli import main
from anyunix.report.out_folder import OutFolder
from anyunix.results.model import Matrix, Probe
from page_matrix import SERVED, example


def earlier(folder: Path, day: int) -> Path:
    """A run in which all contracts were kept."""
    matrix = example()
    cells = tuple(replace(cell, probes=(Probe(SERVED, "contract", "passed"),)) for cell in matrix.cells)
    return kept(folder, replace(matrix, cells=cells, started=f"2026-11-{day:02}T10:00:00+00:00"))


def kept(folder: Path, matrix: Matrix) -> Path:
    folder.mkdir()
    OutFolder(folder).write_matrix(matrix)
    return folder


def test_history_is_printed_and_in_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = kept(tmp_path / "now", replace(example(), started="2026-11-28T10:00:00+00:00"))
    runs = [earlier(tmp_path / f"run-{day}", day) for day in (9, 4)]
    assert main(["report", str(now), "--history", *map(str, runs), str(now)]) == 0
    said = capsys.readouterr().out
    assert "history of 3 runs, 2026-11-04 to 2026-11-28: 2 red now that were kept, 0 mended, 0 always red" in said
    assert "red since 2026-11-28 10:00" in said
    assert said.splitlines()[-1].startswith("anyunix: not portable")
    assert '<section id="history"' in (now / "index.html").read_text()


def test_a_folder_that_is_no_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = kept(tmp_path / "now", example())
    assert main(["report", str(now), "--history", str(tmp_path)]) == 2
    assert f"{tmp_path}/matrix.json: cannot be read" in capsys.readouterr().err
    assert not (now / "index.html").exists()
