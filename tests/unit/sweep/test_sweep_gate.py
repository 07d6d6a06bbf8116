"""anyunix/sweep/sweep_gate.py: what breaks a server may be accepted, with a reason and an end, as contracts may."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from anyunix.analysis.expectations import Expectations, apply, parse_expectations
from anyunix.results.model import CellResult, Matrix
from anyunix.sweep.sweep_gate import with_expectations
from anyunix.sweep.swept import Sweep, SweepAnswer, Sweeps, Swept

ID = "serving-parent-accept-socket-EMFILE-first"
SWEPT = Swept(ID, "serving", "parent", "accept(socket)", "accept4", "EMFILE", "resources", "POSIX", "first", "broken")
TODAY = date(2027, 1, 1)


def file(platform: str = "debian", name: str = ID, more: str = "") -> Expectations:
    return parse_expectations(Path("mine.yaml"), f"{platform}:\n  sweep::{name}:\n    reason: it is old\n{more}")


def judged(
    expectations: Expectations, *answers: SweepAnswer, whole: bool = True, alike: tuple[str, ...] = ()
) -> Sweeps:
    """The same injection on debian and alpine."""
    each = tuple(
        Sweep("mine", platform, "default", (replace(SWEPT, answer=answer),), alike)
        for platform, answer in zip(("debian", "alpine"), answers, strict=False)
    )
    sweeps = Sweeps("mine", "default", each)
    return with_expectations(sweeps, expectations, today=TODAY, known_platforms=["netbsd"], whole=whole)


def test_an_expected_break_is_none_on_its_platform() -> None:
    found = judged(file(more="    link: https://example.org/1\n"), "broken", "broken")
    assert [each.expected for each in found.injections] == ["it is old (https://example.org/1)", ""]
    assert found.problems == ()
    assert found.exit_status == 1
    assert judged(file(), "broken", "kept").exit_status == 0


@pytest.mark.parametrize("answer", ["kept", "client lost"])
def test_what_no_longer_breaks_it_has_to_go(answer: SweepAnswer) -> None:
    found = judged(file(), answer)
    assert found.problems == (f"mine.yaml: debian: sweep::{ID}: no longer fails in bind default: remove it",)
    assert found.exit_status == 1


def test_what_was_not_tried_is_not_judged() -> None:
    assert judged(file(), "not tried").problems == judged(file(), "not reached").problems == ()


def test_one_past_its_date_is_no_longer_accepted() -> None:
    found = judged(file(more="    until: 2026-12-31\n"), "broken")
    assert found.injections[0].expected == ""
    assert found.problems == (
        f"mine.yaml: debian: sweep::{ID}: was accepted until 2026-12-31 and still fails: mend it, or give it a new "
        "date",
    )
    assert judged(file(more="    until: 2027-01-01\n"), "broken").exit_status == 0


def test_a_name_that_no_injection_has_is_said_where_all_were_made() -> None:
    wrong = file(name=ID.replace("EMFILE", "EMFIL"))
    (problem,) = judged(wrong, "kept").problems
    assert "the server makes no such call there (did you mean " in problem
    assert judged(wrong, "kept", whole=False).problems == ()
    assert judged(wrong, "kept", alike=("parent: accept(socket)",)).problems == ()


def test_an_unknown_platform_is_said() -> None:
    assert "no platform is called 'debia' (did you mean 'debian'?)" in judged(file("debia"), "kept").problems[0]
    assert judged(file("netbsd"), "kept").problems == ()


def test_a_run_of_contracts_leaves_them_alone_and_so_does_a_sweep_with_contracts() -> None:
    matrix = Matrix((), (CellResult("mine", "debian", "default", "ran"),), "debian")
    assert apply(matrix, {"mine": file()}, today=TODAY, known_platforms=["debian"]).problems == ()
    contract = parse_expectations(Path("mine.yaml"), "debian:\n  x/test_y.py::test_z:\n    reason: it is old\n")
    assert judged(contract, "broken").problems == ()
