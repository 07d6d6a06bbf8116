"""The folder of results: complete, and each file whole or not there at all."""

import json
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from anyunix.commands.common import check_writable
from anyunix.errors import ConfigurationError
from anyunix.host.whole_file import write_whole
from anyunix.report.out_folder import OutFolder, merged_junit
from anyunix.results.model import Artifacts, CellResult, Matrix
from example_matrix import example


def test_matrix_json_says_all(tmp_path: Path) -> None:
    matrix = example()
    OutFolder(tmp_path).write(matrix)
    data = json.loads((tmp_path / "matrix.json").read_text())
    assert (data["schema"], data["reference"]) == (1, "debian")
    assert [(p["name"], p["status"]) for p in data["platforms"]] == [
        ("debian", "ran"),
        ("alpine-v6only", "ran"),
        ("absent", "not-run"),
        ("broken", "error"),
    ]
    assert data["platforms"][0]["facts"] == {"a.b": [1, "x"]}
    assert data["cells"][1]["probes"][1]["outcome"] == "failed"
    assert data["cells"][1]["probes"][1]["failure_kind"] == "platform difference"
    assert data["verdicts"] == [
        {
            "subject": "c",
            "bind": "dual",
            "verdict": "not portable",
            "because": ["alpine-v6only fails test_b", "broken did not answer: died"],
            "ran": ["debian", "alpine-v6only"],
            "not_run": ["absent", "broken"],
            "tried": [
                {"platform": "debian", "tried": 2, "comparable": 2},
                {"platform": "alpine-v6only", "tried": 2, "comparable": 2},
            ],
            "likenesses": [],
            "differences": ["chat/test_y.py::test_b"],
            "broken_promises": [],
        }
    ]


def test_results_for_programs_are_written_cell_by_cell(tmp_path: Path) -> None:
    """After each cell: all at once took six times the room of the file, beside the results themselves."""
    cell = example().cells[1]
    probes = tuple(replace(cell.probes[0], id=f"chat/test_x.py::test_{number}") for number in range(100))
    cells = tuple(replace(cell, subject=f"c{number}", probes=probes) for number in range(50))
    matrix, out = replace(example(), cells=cells), OutFolder(tmp_path)
    tracemalloc.start()
    try:
        out.write_matrix(matrix)
        out.write_file(tmp_path / "junit.xml", lambda: merged_junit(matrix))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not out.problems
    assert peak < (tmp_path / "matrix.json").stat().st_size / 5


def test_merged_junit_tells_cells_apart_and_counts_no_absent_cell_as_passed(tmp_path: Path) -> None:
    OutFolder(tmp_path).write(example())
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    found = {
        suite.get("name"): (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped"))
        for suite in root
    }
    assert found == {
        "debian.c.dual": ("3", "0", "0", "0"),
        "alpine-v6only.c.dual": ("3", "1", "0", "0"),
        "absent.c.dual": ("1", "0", "0", "1"),
        "broken.c.dual": ("1", "0", "1", "0"),
    }
    classes = [case.get("classname") for case in root.iter("testcase")]
    assert "alpine-v6only.c.dual.chat.test_y" in classes


def test_a_file_that_cannot_be_finished_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("old")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_whole(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_report_that_cannot_be_made_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: object) -> str:
        return endless()

    monkeypatch.setattr("anyunix.report.html.render_in_pieces", endless)
    (tmp_path / "report.md").mkdir()
    out = OutFolder(tmp_path)
    out.write(example())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junit.xml", "matrix.json", "report.md"]
    assert list(out.problems) == [tmp_path / "index.html", tmp_path / "report.md"]
    assert out.problems[tmp_path / "index.html"].startswith("a fault of anyunix: RecursionError: maximum recursion")
    assert "not a regular file" in out.problems[tmp_path / "report.md"]


def test_a_cell_that_broke_and_brought_probes_is_an_error_to_every_viewer(tmp_path: Path) -> None:
    broken = replace(example().cells[0], status="error", reason="died")
    root = ElementTree.fromstring(b"".join(merged_junit(Matrix((), (broken,), "debian"))))
    assert (root[0].get("tests"), root[0].get("errors")) == (str(len(broken.probes) + 1), "1")
    assert root[0][-1].get("name") == "runs"


def test_a_cell_that_did_not_run_leaves_no_older_results(tmp_path: Path) -> None:
    out = OutFolder(tmp_path)
    ran, absent = example().cells[0], CellResult("c", "debian", "dual", "not-run", "no engine")
    out.keep(ran, Artifacts((b"<testsuites/>", b"<testsuites/>"), "log"))
    folder = tmp_path / "cells" / "debian-c-dual"
    assert {path.name for path in folder.iterdir()} == {"log.txt", "junit.xml", "junit-2.xml"}
    out.keep(absent, Artifacts())
    assert [path.name for path in folder.iterdir()] == ["log.txt"]
    assert "no engine" in (folder / "log.txt").read_text()


@pytest.mark.parametrize("planted", ["cells", "cells/local-c-dual"])
def test_results_go_through_no_link_that_was_put_there(tmp_path: Path, planted: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "out" / planted
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match=f"{planted} is a link to .*elsewhere.*: remove it"):
        check_writable(tmp_path / "out")


def test_a_page_shows_no_file_that_a_link_names(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden words")
    for cell in example().cells:
        (tmp_path / "cells" / cell.key).mkdir(parents=True)
        (tmp_path / "cells" / cell.key / "log.txt").symlink_to(tmp_path / "secret")
    OutFolder(tmp_path).write_pages(example())
    assert "hidden words" not in (tmp_path / "index.html").read_text()


def test_a_pipe_or_a_device_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        write_whole(tmp_path / "pipe", b"x")
    assert (tmp_path / "pipe").is_fifo()
