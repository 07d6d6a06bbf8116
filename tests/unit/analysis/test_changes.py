"""Two runs compared: what is found, and how it is printed."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from anyunix.analysis.changes import Change, Changes, FactChange, VerdictChange, changes
from anyunix.analysis.verdict import judge
from anyunix.report.change_lines import print_changes, summary
from anyunix.results.model import BUILDS, STARTS, CellResult, Matrix, Outcome, PlatformResult, Probe
from cluster_matrix import with_workers
from timeless import without_times

A, B = "g/test_x.py::test_a", "g/test_x.py::test_b"


def probe(outcome: Outcome, name: str = A, **rest: str) -> Probe:
    return Probe(name, "contract", outcome, f"it {outcome}", **rest)  # type: ignore[arg-type]  # texts only


def cell(*probes: Probe, platform: str = "p", bind: str = "dual") -> CellResult:
    return CellResult("c", platform, bind, "ran", probes=probes)


def matrix(*cells: CellResult, facts: dict[str, object] | None = None) -> Matrix:
    platforms = tuple(
        PlatformResult(name, name, "local", "ran", facts=facts or {})
        for name in dict.fromkeys(cell.platform for cell in cells)
    )
    return judge(Matrix(platforms, cells, "p"))


def printed(found: Changes, width: int = 100) -> str:
    buffer = io.StringIO()
    print_changes(Console(file=buffer, width=width, highlight=False), found, "old/matrix.json")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "group"),
    [
        ("passed", "failed", "new failure"),
        ("passed", "error", "new failure"),
        ("passed", "flaky", "new failure"),
        ("skipped", "failed", "new failure"),
        (None, "failed", "new failure"),
        ("failed", "passed", "fixed"),
        ("flaky", "passed", "fixed"),
        ("failed", "error", "still failing"),
        ("failed", "skipped", "no longer run"),
        ("passed", "skipped", "no longer run"),
        ("failed", None, "no longer run"),
        ("passed", None, "no longer run"),
        ("passed", "passed", None),
        ("skipped", "passed", None),
        (None, "passed", None),
        ("skipped", "skipped", None),
    ],
)
def test_what_becomes_of_a_contract(old: Outcome | None, new: Outcome | None, group: str | None) -> None:
    found = changes(
        *(matrix(cell(probe("passed", B), *([probe(outcome)] if outcome else []))) for outcome in (old, new))
    )
    assert [change.group for change in found.contracts] == ([group] if group else [])
    assert found.worse == (group == "new failure")


def test_of_two_results_with_one_name_the_failure_counts() -> None:
    twice = cell(probe("failed"), probe("passed"))
    assert [change.group for change in changes(matrix(cell(probe("passed"))), matrix(twice)).contracts] == [
        "new failure"
    ]


def test_where_cells_ran_is_no_change() -> None:
    old = matrix(cell(probe("passed")), cell(probe("passed"), bind="first"))
    elsewhere = with_workers(old)
    assert changes(old, elsewhere) == changes(elsewhere, old) == Changes()
    assert elsewhere != old
    assert without_times(elsewhere) == without_times(old)


def test_platforms_subjects_and_bind_modes_are_told_apart() -> None:
    found = changes(
        matrix(cell(probe("failed"))),
        matrix(cell(probe("failed"), platform="q"), cell(probe("failed"), bind="first"), cell(probe("failed"))),
    )
    assert [(change.platform, change.bind, change.group) for change in found.contracts] == [
        ("q", "dual", "new failure"),
        ("p", "first", "new failure"),
        ("p", "dual", "still failing"),
    ]


def test_a_new_failure_that_is_accepted_is_listed_and_makes_nothing_worse() -> None:
    found = changes(matrix(cell(probe("passed"))), matrix(cell(probe("failed", expected="so it is"))))
    assert found.new_failures == (
        Change("c", "dual", "p", A, "new failure", "passed", "failed", "it failed", "so it is"),
    )
    assert not found.worse
    assert "  p c dual g/test_a: expected: so it is\n" in printed(found)
    assert "anyunix: 1 newly failing (1 accepted), 0 fixed" in printed(found)


def test_facts_are_no_contracts() -> None:
    facts = [matrix(cell(Probe("g/test_f.py::test_f", "fact", outcome))) for outcome in ("passed", "failed")]
    assert changes(*facts) == Changes()


@pytest.mark.parametrize(
    ("gone", "why"),
    [
        (None, "not in this run"),
        (CellResult("c", "p", "dual", "not-run", "no engine"), "not run: no engine"),
        (CellResult("c", "p", "dual", "error", "it died"), "error: it died"),
        (cell(probe("skipped")), "it skipped"),
        (cell(), "not in this run"),
    ],
)
def test_what_no_longer_runs_says_why_and_is_never_called_fixed(gone: CellResult | None, why: str) -> None:
    found = changes(matrix(cell(probe("failed"))), matrix(*([gone] if gone else [])))
    assert [(change.message, change.failed_before) for change in found.no_longer_run] == [(why, True)]
    assert f"  p c dual g/test_a (failed before): {why}\n" in printed(found)
    assert found.fixed == ()


@pytest.mark.parametrize(
    ("contract", "reason"), [(BUILDS, "the subject does not build"), (STARTS, "the subject does not start")]
)
def test_a_subject_that_no_longer_builds_or_starts_and_does_so_again(contract: str, reason: str) -> None:
    whole, broken = matrix(cell(probe("passed"))), matrix(cell(probe("failed", contract)))
    found = changes(whole, broken)
    assert [(change.probe, change.group, change.message) for change in found.contracts] == [
        (contract, "new failure", "it failed"),
        (A, "no longer run", reason),
    ]
    assert [(change.probe, change.group) for change in changes(broken, whole).contracts] == [(contract, "fixed")]


def test_verdicts_that_changed() -> None:
    other = cell(probe("passed"), platform="q")
    found = changes(
        matrix(cell(probe("passed")), other), matrix(cell(probe("failed")), other, cell(probe("failed"), bind="first"))
    )
    assert found.verdicts == (VerdictChange("c", "dual", "portable", "not portable"),)
    assert "Verdicts\n  c dual: not portable, was portable\n" in printed(found)


def test_facts_that_changed_by_what_both_runs_measured() -> None:
    old, new = (
        matrix(cell(probe("passed")), facts=facts)
        for facts in ({"a": 1, "b": [1, 2], "same": None, "gone": 1}, {"a": True, "b": [2, 1], "same": None, "new": 1})
    )
    assert changes(old, new).facts == (FactChange("p", "a", (1,), (True,)), FactChange("p", "b", ([1, 2],), ([2, 1],)))
    assert "Facts\n  p a: true, was 1\n  p b: [2, 1], was [1, 2]\n" in printed(changes(old, new))


def test_a_fact_that_varies_is_a_change_once() -> None:
    stable = matrix(cell(probe("passed")), facts={"a": 1})
    varying, again = (
        replace(stable, platforms=(replace(stable.platforms[0], facts={}, unstable={"a": values}),))
        for values in ((1, 2), (2, 1))
    )
    assert "  p a: 1 or 2, was 1\n" in printed(changes(stable, varying))
    assert changes(varying, again).facts == ()


def test_a_run_compared_with_itself_has_no_changes() -> None:
    same = matrix(cell(probe("passed"), probe("skipped", B)), facts={"a": 1})
    assert changes(same, same) == Changes()
    assert printed(changes(same, same)) == (
        "Changes since old/matrix.json\n"
        "anyunix: 0 newly failing, 0 fixed, 0 still failing, 0 no longer run; verdicts changed: 0, facts: 0\n"
    )


def test_a_whole_cell_that_is_gone_is_one_line() -> None:
    old = matrix(cell(*(probe("failed" if number == 3 else "passed", f"{A}[{number}]") for number in range(40))))
    found = changes(old, matrix(CellResult("c", "p", "dual", "not-run", "no engine")))
    assert len(found.no_longer_run) == 40
    assert "No longer run\n  p c dual 40 contracts, 1 failed before: not run: no engine\n" in printed(found)


def test_what_is_worse_comes_first() -> None:
    other = cell(probe("passed"), probe("passed", B), platform="q")
    old = matrix(cell(probe("passed"), probe("failed", B), probe("failed", "g/test_x.py::test_c")), other)
    new = matrix(cell(probe("failed"), probe("passed", B), probe("flaky", "g/test_x.py::test_c")), other)
    assert (
        printed(changes(old, new))
        == """\
Changes since old/matrix.json
Newly failing
  p c dual g/test_a: it failed
Fixed
  p c dual g/test_b
Still failing
  p c dual g/test_c (flaky): it flaky
anyunix: 1 newly failing, 1 fixed, 1 still failing, 0 no longer run; verdicts changed: 0, facts: 0
"""
    )


@pytest.mark.parametrize(
    "message", ["x" * 500, "界" * 500, "\x1b[2J\x9b31mgone\r\x00 \u202etxt\u2028next", "a\tb" * 99]
)
def test_a_line_fits_100_columns_and_cannot_steer_the_terminal(message: str) -> None:
    bad = Probe(A, "contract", "failed", message)
    found = changes(
        matrix(cell(replace(bad, id=f"{A}[{message}]"))),
        matrix(cell(bad, platform=f"q{message}"), facts={"a": message}),
    )
    text = printed(found)
    assert all(len(line) + sum(character == "界" for character in line) <= 100 for line in text.splitlines())
    assert len(text.splitlines()) == 6
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text) == []


def test_the_summary_is_the_last_line() -> None:
    found = changes(matrix(cell(probe("failed"))), matrix(cell(probe("passed"))))
    assert printed(found).splitlines()[-1] == summary(found)
