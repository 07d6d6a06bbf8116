"""anyunix/run/run_journal.py: the results of cells outlive the run that they came from."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anyunix import __version__
from anyunix.errors import ConfigurationError
from anyunix.results.cause_model import Cause
from anyunix.results.model import Artifacts, CellResult, Probe
from anyunix.run import line_journal, run_journal
from anyunix.run.run_journal import FILE, begin_run, resume_run

RESULT = CellResult(
    "mine",
    "local",
    "dual",
    "ran",
    compiler="cc 12",
    probes=(
        Probe("a/test_a.py::test_a", "contract", "failed", "said \udce4 no", 0.25, 7, ("a.b",), counts={"failed": 2}),
        Probe("a/test_a.py::test_f", "fact", "passed", facts={"a.b": [1, {"x": None}]}, unstable={"a.c": (1, 2)}),
        Probe("a/test_a.py::test_c", "contract", "failed", cause=Cause(("one",), 7)),
    ),
    seconds=1.5,
    left_behind=("pid 7 x",),
)
BROUGHT = Artifacts((b"<xml/>", b"\xff\x00"), "it said\n", b'{"records": []}')


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_x.py").write_text("def test_x(): pass\n")
    return tmp_path / "suite"


@pytest.fixture
def path(tmp_path: Path, suite: Path) -> Path:
    """Of a journal with two results."""
    journal = begin_run(tmp_path / "out", suite)
    journal.add("one", plain(RESULT), BROUGHT)
    journal.add("two", replace(plain(RESULT), bind="ipv4"), Artifacts())
    assert journal.problems == {}
    return tmp_path / "out" / FILE


def plain(result: CellResult) -> CellResult:
    """With no character that UTF-8 cannot have."""
    return replace(result, probes=tuple(replace(each, message="no") for each in result.probes))


def test_what_was_written_is_known_again_whole(path: Path, suite: Path) -> None:
    journal = resume_run(path.parent, suite)
    assert len(journal) == 2
    assert journal.known("one", RESULT.id) == (plain(RESULT), BROUGHT)
    assert journal.known("two", replace(RESULT, bind="ipv4").id) is not None
    assert journal.known("three", RESULT.id) is None
    assert journal.known("two", RESULT.id) is None, "the key is another cell's"


@pytest.mark.parametrize("status", ["not-run", "error"])
def test_what_did_not_run_or_broke_runs_again(path: Path, suite: Path, status: Any) -> None:
    resume_run(path.parent, suite).add("three", replace(plain(RESULT), status=status), BROUGHT)
    assert len(resume_run(path.parent, suite)) == 2


def test_a_line_that_was_being_written_is_no_result(path: Path, suite: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])
    journal = resume_run(path.parent, suite)
    assert (len(journal), journal.known("two", replace(RESULT, bind="ipv4").id)) == (1, None)
    journal.add("two", replace(plain(RESULT), bind="ipv4"), Artifacts())
    assert len(resume_run(path.parent, suite)) == 2


def test_without_resume_the_old_one_is_replaced(path: Path, suite: Path) -> None:
    begin_run(path.parent, suite)
    assert len(resume_run(path.parent, suite)) == 0


def test_where_there_is_none_all_is_missing(tmp_path: Path, suite: Path) -> None:
    journal = resume_run(tmp_path / "new", suite)
    assert (len(journal), journal.problems) == (0, {})
    assert (tmp_path / "new" / FILE).is_file()


def test_another_suite_is_named(path: Path, suite: Path) -> None:
    (suite / "test_x.py").write_text("def test_x(): assert True\n")
    with pytest.raises(
        ConfigurationError, match=rf"{FILE}: is of another suite: .*; run without --resume, or with another --out DIR$"
    ):
        resume_run(path.parent, suite)


def test_another_version_is_named(path: Path, suite: Path) -> None:
    path.write_bytes(path.read_bytes().replace(f'"version":"{__version__}"'.encode(), b'"version":"0"', 1))
    with pytest.raises(ConfigurationError, match="is of another version of anyunix: "):
        resume_run(path.parent, suite)


def test_other_probes_of_ones_own_are_named(path: Path, suite: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"probes":{}', b'"probes":{"own":"x"}', 1))
    with pytest.raises(ConfigurationError, match=r"is of other probes of one's own \(--probes\): "):
        resume_run(path.parent, suite)


@pytest.mark.parametrize(
    ("data", "line"),
    [(b"", 1), (b"x\n", 1), (b"\xff\n", 1), (b"[[[[\n", 1), (b"{}\n", 1), (None, 3)],
    ids=["empty", "no JSON", "no UTF-8", "torn", "another", "second result"],
)
def test_what_is_no_journal_is_an_error(path: Path, suite: Path, data: bytes | None, line: int) -> None:
    path.write_bytes(data if data is not None else path.read_bytes().replace(b'"key":"two"', b'"key":2'))
    with pytest.raises(ConfigurationError, match=f"{FILE}: line {line}: not of a run of anyunix: .*; run without"):
        resume_run(path.parent, suite)


@pytest.mark.parametrize("what", ["cut off", "no zlib", "too large", "another name", "another status", "odd value"])
def test_a_result_that_nobody_wrote_is_an_error(
    path: Path, suite: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = run_journal._packed
    brought = run_journal.Brought(plain(RESULT), (), b"", b"")

    def of(**changes: Any) -> bytes:
        return packed(run_journal.Brought(replace(plain(RESULT), **changes), (), b"", b""))

    nested: Any = []
    for _ in range(200):
        nested = [nested]
    data = {
        "cut off": packed(brought)[:-9],
        "no zlib": b"none",
        "too large": packed(brought),
        "another name": of(platform="../x"),
        "another status": of(status="error"),
        "odd value": of(probes=(Probe("a/b.py::c", "fact", "passed", facts={"x": nested}),)),
    }[what]
    if what == "too large":
        monkeypatch.setattr(run_journal, "WHOLE_LIMIT", 20)
    with path.open("ab") as file:
        file.write(run_journal.msgspec.json.encode(run_journal.RanCell("x", "x", data)) + b"\n")
    with pytest.raises(ConfigurationError, match=f"{FILE}: line [24]: not of a run of anyunix: "):
        resume_run(path.parent, suite)


def test_a_pipe_is_not_waited_for(tmp_path: Path, suite: Path) -> None:
    os.mkfifo(tmp_path / FILE)
    with pytest.raises(ConfigurationError, match=f"{FILE}: cannot be read: not a regular file; run without"):
        resume_run(tmp_path, suite)


def test_a_result_that_is_too_large_runs_again(path: Path, suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_journal, "PACKED_LIMIT", 100)
    journal = resume_run(path.parent, suite)
    journal.add("three", plain(RESULT), BROUGHT)
    assert (len(resume_run(path.parent, suite)), journal.problems) == (2, {})


def test_a_file_that_would_grow_too_large_does_not(path: Path, suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = path.stat().st_size
    monkeypatch.setattr(run_journal, "SORT", line_journal.JournalSort("a run", "run without", size))
    journal = resume_run(path.parent, suite)
    journal.add("three", plain(RESULT), BROUGHT)
    assert (path.stat().st_size, journal.problems, len(resume_run(path.parent, suite))) == (size, {}, 2)


def test_a_value_that_is_no_json_costs_its_own_line_and_is_told(path: Path, suite: Path) -> None:
    journal = resume_run(path.parent, suite)
    journal.add("three", RESULT, BROUGHT)  # with half a character
    journal.add("four", plain(RESULT), BROUGHT)
    assert list(journal.problems) == [path]
    assert resume_run(path.parent, suite).known("four", RESULT.id)


def test_a_full_disk_is_a_problem_that_is_told(path: Path, suite: Path) -> None:
    journal = resume_run(path.parent, suite)
    path.unlink()
    path.symlink_to("/dev/full")
    journal.add("three", plain(RESULT), BROUGHT)
    assert journal.problems == {path: "No space left on device"}
    path.unlink()
    journal.add("four", plain(RESULT), BROUGHT)
    assert not path.exists(), "half a line may stand at its end"


def test_what_a_line_says_is_for_people_too(path: Path) -> None:
    first, one, _ = path.read_text().splitlines()
    assert json.loads(first)["identity"]["version"] == __version__
    assert json.loads(one)["cell"] == "local mine dual"
