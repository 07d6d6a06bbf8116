"""anyunix/run/cell_times.py: what cells took is known in the next run."""

from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.results.model import CellId, CellResult, Probe
from anyunix.run import cell_times
from anyunix.run.cell_times import keep_cell_times, read_cell_times, without_facts

CONTRACT, FACT = Probe("a::c", "contract", "passed", seconds=3.0), Probe("a::f", "fact", "passed", seconds=1.0)
RAN = CellResult("mine", "local", "dual", "ran", probes=(CONTRACT,), seconds=8.0)


def test_what_was_kept_is_read_again_and_the_newest_counts(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "times.json"
    keep_cell_times(path, [RAN, replace(RAN, build="poisoned", seconds=9.0)])
    keep_cell_times(path, [replace(RAN, seconds=6.0), replace(RAN, platform="a-b", seconds=1.0)], repeat=2)
    assert read_cell_times(path) == {
        CellId("mine", "dual", "local", "poisoned"): 9.0,
        CellId("mine", "dual", "local"): 3.0,
        CellId("mine", "dual", "a-b"): 0.5,
    }


def test_facts_count_for_no_cell(tmp_path: Path) -> None:
    assert without_facts(replace(RAN, probes=(CONTRACT, FACT))) == 6.0
    assert without_facts(replace(RAN, probes=(FACT,))) == without_facts(RAN) == 8.0


def test_what_did_not_run_or_had_nothing_to_run_took_no_time_that_says_anything(tmp_path: Path) -> None:
    path = tmp_path / "times.json"
    keep_cell_times(path, [RAN])
    keep_cell_times(path, [replace(RAN, status="error", seconds=1.0), replace(RAN, bind="ipv4", probes=())])
    assert read_cell_times(path) == {RAN.id: 8.0}


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_times, "REMEMBERED", 2)
    for bind in ("a", "b", "a", "c"):
        keep_cell_times(tmp_path / "times.json", [replace(RAN, bind=bind)])
    assert [cell.bind for cell in read_cell_times(tmp_path / "times.json")] == ["a", "c"]


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"\xff", b"{}", b'[["a", 1]]', b'[[{"subject":"a","bind":"b","platform":"c"}, -1]]', b"[" * 9999],
)
def test_what_is_no_such_file_costs_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "times.json").write_bytes(data)
    assert read_cell_times(tmp_path / "times.json") == {}


def test_what_cannot_be_kept_costs_nothing(tmp_path: Path) -> None:
    keep_cell_times(tmp_path, [RAN])
    (tmp_path / "file").write_text("")
    keep_cell_times(tmp_path / "file" / "times.json", [RAN])
    assert read_cell_times(None) == {}
