"""tools/speed.py: figures, tables and logs; what is measured is left to the tool itself."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from anyunix.catalog.lookup import find_catalog
from checkout import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from speeds import exit_records, tables
from speeds.ci_log import parts
from speeds.meter import figure, with_row
from speeds.profiles import costs
from speeds.programs import program
from speeds.record import Figure, OtherRecord, ProbeCost, Profile, Record, read, write
from speeds.sampling import NotMeasured, Sample, sample
from speeds.works import LINES, ROWS, RUNS, copied, needed

PAGE = ROOT / "docs" / "speed.md"


def a_sample(seconds: float, cpu: float = 1.0, peak: int = 0, json: int = 0, cells: int = 1, status: int = 0) -> Sample:
    return Sample(seconds, cpu, "control group", peak, status, json, cells)


def line(work: str) -> int:
    return next(number for number, each in enumerate(LINES) if each.work.startswith(work))


def test_every_row_is_made_of_runs_that_there_are() -> None:
    assert {name for row in ROWS for name in needed(row)} == {*RUNS}
    assert list(needed("binds")) == ["matrix", "binds"]


def test_a_figure_has_a_value_for_each_round_in_which_all_its_runs_ran() -> None:
    samples = {
        "matrix": {"before": [a_sample(200), a_sample(210)], "now": [a_sample(80)]},
        "binds": {"before": [a_sample(600)], "now": []},
    }
    ratio = figure(LINES[line("the same in three bind modes")], samples, {"binds": "now: it broke"})
    assert (ratio.before, ratio.now, ratio.reason) == ((3.0,), (), "now: it broke")


def test_memory_is_what_results_add_to_it() -> None:
    samples = {
        "one-probe": {"before": [], "now": [a_sample(1, peak=60_000_000, json=1_000_000)]},
        "matrix": {"before": [], "now": [a_sample(1, peak=66_000_000, json=5_000_000)]},
    }
    assert figure(LINES[line("its growth, from one probe")], samples, {}).now == (1.5,)


def test_runs_in_which_something_failed_are_noted() -> None:
    class Metered:
        samples = {"cell-c": {"before": [a_sample(30)], "now": [a_sample(7), a_sample(8, status=1)]}}  # noqa: RUF012
        reasons: dict[str, str] = {}  # noqa: RUF012
        busy = 0.2

    record = with_row(Record("a", "b", "m"), "cell-c", Metered())  # type: ignore[arg-type]
    assert record.notes == ("1 of 2 runs of `cell-c`, now, ended with status 1",)
    assert [one.now for one in record.rows["cell-c"]] == [(7, 8), (1.0, 1.0)]
    assert record.busy == 0.2


def test_the_table_says_of_each_target_whether_it_is_met() -> None:
    record = Record(
        "1cd843a",
        "abc",
        "Linux",
        rows={
            "version": (Figure("`anyunix --version`", "s", (0.33, 0.35, 0.31), (0.1,), 0.12),),
            "cell-c": (Figure("one cell", "s", (30.0,), (7.0,), 8, 5), Figure("its CPU", "s", (13.0,), (9.0,), 7)),
            "binds": (Figure("binds", "×", (3.0,), (1.8,), 2),),
            "mutation": (Figure("mutation", "s", target=240, reason="no Docker engine"),),
        },
    )
    assert tables.targets(record).splitlines() == [
        "| work | before | now | now / before | target |",
        "| --- | --- | --- | --- | --- |",
        "| one cell | 30.0 s | 7.00 s | 0.23 | ≤ 8 s: met; stretch ≤ 5 s: missed |",
        "| its CPU | 13.0 s | 9.00 s | 0.69 | ≤ 7 s: missed |",
        "| binds | 3.00 × | 1.80 × | – | ≤ 2 ×: met |",
        "| mutation | *not run*: no Docker engine | *not run*: no Docker engine | – | ≤ 240 s |",
        "| `anyunix --version` | 0.33 s (0.31 – 0.35) | 0.10 s | 0.30 | ≤ 0.12 s: met |",
    ]


def test_tables_go_between_their_markers_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())
    record = Record(
        "1cd843a",
        "abc",
        "Linux",
        ci={"before": {"tests": 9}, "now": {"tests": 5, "all of it": 6}},
        profiles={
            "c": Profile({"now": {"cc1": 1.0, "true": 0.001}}, {"now": 1.1}, {"now": {"x.py::test_a": ProbeCost(2, 1)}})
        },
    )
    tables.write_into(page, record)
    once = page.read_text()
    tables.write_into(page, record)
    assert page.read_text() == once
    assert "| tests | 9 s | 5 s |\n| all of it | – | 6 s |" in once
    assert "| `cc1` | – | 1.00 s |\n| others (1) | 0.00 s | 0.00 s |\n| **all of them** | 0.00 s | 1.00 s |" in once
    assert "| `test_a` | – | – | 2.00 s | 1.00 s |" in once
    assert once.splitlines()[0] == PAGE.read_text().splitlines()[0]
    with pytest.raises(tables.NoMarkers, match="end of ci"):
        tables.insert("no markers", "ci", "x")


def test_pieces_of_the_same_versions_come_together(tmp_path: Path) -> None:
    older = Record("a", "b", "m", ("1",), 0.1, rows={"version": (Figure("v", "s", (1.0,)),), "check": ()})
    newer = Record("a", "b", "m", ("2",), rows={"version": (Figure("v", "s", (2.0,)),)})
    write(tmp_path / "speed.json", older)
    both = newer.over(read(tmp_path / "speed.json"))
    assert (both.dates, both.busy, both.rows["version"][0].before, both.rows["check"]) == (("1", "2"), 0.1, (2.0,), ())
    assert read(tmp_path / "none") is None
    programs, probes = Profile({"now": {"cc1": 1.0}}), Profile(probes={"now": {"a": ProbeCost(1, 1)}})
    assert probes.over(programs) == Profile(programs.programs, {}, probes.probes)
    with pytest.raises(OtherRecord, match="it holds rows of a and b on m"):
        Record("a", "c", "m").over(older)
    (tmp_path / "speed.json").write_text("[")
    with pytest.raises(OtherRecord, match="none of this tool's"):
        read(tmp_path / "speed.json")


def test_the_parts_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n== tests\nthat took 3 s\n== tests took 400 s\n== tox took 2 s\n\nall of it took 402 s\n")
    assert parts(log) == {"tests": 400, "tox": 2, "all of it": 402}


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("/usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet a.c", "cc1"),
        ("/usr/bin/python3.11 -S -m pytest -p pytest_timeout", "python pytest"),
        ("python3 -W error -B python/server.py --port 0", "python server.py"),
        ("python3 -Sc pass", "python -c"),
        ("python3", "python -"),
        ("", ""),
    ],
)
def test_what_a_process_is(words: str, name: str) -> None:
    assert program(words.split()) == name


def test_cpu_time_goes_to_what_a_process_was_when_it_ended() -> None:
    ledger = exit_records.Ledger({1: "this tool"})
    ledger.forked(1, 10, 10)
    ledger.became(10, "python pytest")
    ledger.forked(10, 11, 10)  # a thread
    ledger.forked(10, 12, 12)
    ledger.became(12, "")  # gone before anybody could look
    ledger.forked(99, 100, 100)  # another's
    for task, name in ((11, "python3"), (12, "true"), (10, "python3"), (100, "cc1")):
        ledger.ended(task, name, 0.5)
    assert ledger.seconds == {"python pytest": 1.0, "true": 0.5}


def test_a_record_of_the_kernels() -> None:
    stats = bytearray(200)
    struct.pack_into("Q", stats, exit_records.RAN, 1_500_000_000)
    stats[80:83] = b"cc1"
    struct.pack_into("I", stats, exit_records.PID, 7)

    def attribute(kind: int, data: bytes) -> bytes:
        return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)

    task = attribute(1, struct.pack("I", 7)) + attribute(3, bytes(stats))
    message = bytes(20) + attribute(4, task) + attribute(5, task)  # of the task, and of its whole process
    assert list(exit_records.task_records(message)) == [(7, "cc1", 1.5)]
    stats[exit_records.PID] = 8
    with pytest.raises(exit_records.NoRecords, match="another than the one known"):
        list(exit_records.task_records(bytes(20) + attribute(4, attribute(1, bytes(4)) + attribute(3, bytes(stats)))))


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel gives records to root alone")
def test_a_program_that_ran_is_in_the_kernels_records() -> None:
    try:
        with exit_records.observed() as seconds:
            subprocess.run(["sh", "-c", f"{sys.executable} -S -c 'sum(range(1000000))'; true"], check=True)
    except exit_records.NoRecords as reason:
        pytest.skip(str(reason))
    assert {"sh", "python -c"} <= {*seconds}
    assert seconds["python -c"] > 0.001


def test_one_run_is_measured_with_all_it_started(tmp_path: Path) -> None:
    burn = f"{sys.executable} -S -c 'sum(range(3000000))'"
    one = sample(["sh", "-c", f"{burn} & {burn}; wait"], tmp_path, [0])
    assert one.cpu > 0.02
    assert one.seconds > 0.01
    assert one.peak > 100_000
    assert (one.json, one.cells, one.status) == (0, 0, 0)
    with pytest.raises(NotMeasured, match="exit status 3: sorry"):
        sample(["sh", "-c", "echo sorry; exit 3"], tmp_path, [0])


def test_a_copy_of_a_subject_is_one_that_can_be_run(tmp_path: Path) -> None:
    files = copied(ROOT / "chat", tmp_path / "subjects", 3)
    subjects = [find_catalog().subject(str(file)) for file in files]
    assert [subject.name for subject in subjects] == ["c01", "c02", "c03"]
    assert (tmp_path / "subjects" / "c" / "Makefile").is_file()


def test_what_each_probe_cost_comes_from_both_files(tmp_path: Path) -> None:
    from anyunix.results.matrix_file import encode
    from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe

    probes = (Probe("a.py::test_a", "fact", "passed", seconds=2.0), Probe("a.py::test_b", "contract", "passed"))
    cell = CellResult("c", "local", "dual", "ran", probes=probes)
    matrix = Matrix((PlatformResult("local", "here", "local", "ran"),), (cell,), "local")
    (tmp_path / "matrix.json").write_bytes(encode(matrix))
    (tmp_path / "cpu").write_text("0.25 a.py::test_a\n")
    assert costs(tmp_path, tmp_path / "cpu") == {"a.py::test_a": ProbeCost(2.0, 0.25), "a.py::test_b": ProbeCost(0, 0)}
