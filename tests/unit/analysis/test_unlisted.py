"""What a real system breaks and its likeness keeps is a difference that nobody has written down yet."""

from dataclasses import replace

import pytest

from anyunix.analysis.unlisted import unlisted
from anyunix.report.cause_lines import cause_lines
from anyunix.results.cause_model import Cause
from anyunix.results.model import CellResult, Matrix, Outcome, PlatformResult, Probe

FAILED = Probe("g/test_x.py::test_a", "contract", "failed")
SAID = "fails on bsd, kept under like-freebsd: a difference that is not in the list"


def platform(name: str, kernel: str, like: str = "") -> PlatformResult:
    return PlatformResult(name, "", "local", "ran", facts={"system.name": kernel}, like=like)


def matrix(likeness: Outcome, kernel: str = "FreeBSD", like: str = "freebsd") -> Matrix:
    outcomes: dict[str, Outcome] = {"debian": "passed", "bsd": "failed", "like-freebsd": likeness}
    return Matrix(
        (platform("debian", "Linux"), platform("bsd", kernel), platform("like-freebsd", "Linux", like)),
        tuple(
            CellResult("c", name, "first", "ran", probes=(replace(FAILED, outcome=outcome),))
            for name, outcome in outcomes.items()
        ),
        "debian",
    )


def said(found: Matrix) -> list[str]:
    return [unlisted(found, cell, cell.probes[0]) for cell in found.cells]


def test_it_is_said_where_the_system_fails_and_its_likeness_does_not() -> None:
    assert said(matrix("passed")) == ["", SAID, ""]
    cell = matrix("passed").cells[1]
    assert cause_lines(matrix("passed"), [(cell, cell.probes[0])]) == [f"{SAID}."]


@pytest.mark.parametrize(
    "found",
    [
        matrix("failed"),
        matrix("flaky"),
        matrix("skipped"),  # not tried
        matrix("passed", kernel="NetBSD"),  # another system's likeness
        matrix("passed", like="openbsd"),
        matrix("passed", kernel="Linux"),
    ],
)
def test_otherwise_nothing_is(found: Matrix) -> None:
    assert said(found) == ["", "", ""]


def test_a_likeness_is_no_run_of_its_system() -> None:
    both = matrix("passed")
    platforms = (both.platforms[0], replace(both.platforms[1], like="freebsd"), both.platforms[2])
    assert said(replace(both, platforms=platforms)) == ["", "", ""]


def test_cells_are_named_where_their_causes_are_not_the_same() -> None:
    both = matrix("failed")
    causes = (Cause(("a",), 4, True, "debian"), Cause(runs=1, reference="debian", note="out of time"))
    cases = [(cell, replace(cell.probes[0], cause=cause)) for cell, cause in zip(both.cells[1:], causes, strict=True)]
    one, other = cause_lines(both, cases)
    assert one == (
        "bsd c first: cause, by experiment (4 runs): with a switched on, debian fails too; without it it does not."
    )
    assert other == "like-freebsd c first: no cause by experiment (1 run): out of time."
    same = [(cell, replace(cell.probes[0], cause=causes[0])) for cell in both.cells[1:]]
    assert cause_lines(both, same) == [one.removeprefix("bsd c first: ")]
