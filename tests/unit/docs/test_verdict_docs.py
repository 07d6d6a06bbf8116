"""docs/verdicts.md shows what is really printed: each row is made again from a matrix of that shape."""

import pytest

from anyunix.analysis.verdict import exit_status, judge
from anyunix.report.kinds import overall, where
from anyunix.results.model import CellResult, Matrix, Outcome, PlatformResult, Probe
from checkout import ROOT

PAGE = ROOT / "docs" / "verdicts.md"
BINDING, LOCKING = 20, 10
FIRST, OWN = "binding/test_x.py::test_0", "signals/test_x.py::test_sigterm_ends_all_of_it"


def cell(platform: str, outcome: Outcome = "passed", *, locking: Outcome = "passed", **changed: Outcome) -> CellResult:
    """A platform that tried 20 contracts about binding and 10 about locking; `first` and `own` single some out."""
    probes = [
        *(Probe(f"binding/test_x.py::test_{n}", "contract", outcome) for n in range(BINDING)),
        *(Probe(f"locking/test_x.py::test_{n}", "contract", locking) for n in range(LOCKING)),
    ]
    probes[0] = Probe(FIRST, "contract", changed.get("first", outcome))
    if "own" in changed:
        probes.append(Probe(OWN, "contract", changed["own"], promises=("sigterm",)))
    return CellResult("my", platform, "default", "ran", probes=tuple(probes))


def gone(platform: str, reason: str = "no Docker engine answers") -> CellResult:
    return CellResult("my", platform, "default", "not-run", reason)


def broke(platform: str, reason: str) -> CellResult:
    return CellResult("my", platform, "default", "error", reason)


def matrix(*cells: CellResult, required: tuple[str, ...] = (), part: str = "", dropped: tuple[str, ...] = ()) -> Matrix:
    platforms = tuple(PlatformResult(each.platform, each.platform, "docker", each.status) for each in cells)
    return judge(Matrix(platforms, cells, "debian", required, part=part, dropped=dropped))


CASES = {
    "everything is kept everywhere": matrix(cell("debian"), cell("alpine")),
    "a platform can try less, such as one without a tracer": matrix(cell("debian"), cell("alpine", first="skipped")),
    "a platform left out every contract": matrix(cell("debian"), cell("alpine", "skipped", locking="skipped")),
    "a platform left out a whole group": matrix(cell("debian"), cell("alpine", locking="skipped")),
    "every platform left out everything": matrix(
        cell("debian", "skipped", locking="skipped"), cell("alpine", "skipped", locking="skipped")
    ),
    "one platform was asked for": matrix(cell("debian")),
    "several were asked for, the others did not run": matrix(cell("debian"), gone("alpine")),
    "a platform that was named did not run": matrix(cell("debian"), gone("alpine"), required=("alpine",)),
    "a platform of the baseline dropped out": matrix(
        cell("debian"), cell("local"), gone("alpine"), dropped=("alpine",)
    ),
    "the cell broke on the way": matrix(cell("debian"), broke("alpine", "the container is lost")),
    "fewer probes came back than were planned": matrix(
        cell("debian"), broke("alpine", "1 of 285 planned probes did not come back: binding/test_x.py::test_0")
    ),
    "kept on the reference, broken elsewhere": matrix(cell("debian"), cell("alpine", first="failed")),
    "broken on every platform": matrix(cell("debian", own="failed"), cell("alpine", own="failed")),
    "failed in some repeats only": matrix(cell("debian"), cell("alpine", first="flaky")),
    "a part of the probes was asked for": matrix(cell("debian"), cell("alpine"), part="23 of 285 probes, -k binding"),
}


def row(what: str, case: Matrix) -> str:
    (verdict,) = case.verdicts
    reasons = "".join(f"<br>{reason}" for reason in verdict.because)
    return (
        f"| {what} | my, bind default: {verdict.verdict}{where(verdict)}{reasons}<br>"
        f"`{overall(case)}` | {exit_status(case)} |"
    )


@pytest.mark.parametrize("what", CASES)
def test_the_table_shows_what_is_printed(what: str) -> None:
    assert row(what, CASES[what]) in PAGE.read_text().splitlines()


def test_no_row_is_left_of_a_case_that_is_gone() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "my, bind default" in line]
    assert len(rows) == len(CASES)
