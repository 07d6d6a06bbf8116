"""From outcomes to an answer and an exit status."""

import pytest

from anyunix.matrix import choose_reference
from anyunix.results import CellResult, Matrix, Outcome, Probe, Status
from anyunix.verdict import exit_status, judge


def cell(platform: str, *outcomes: Outcome, status: Status = "ran", kind: str = "contract",
         subject: str = "c") -> CellResult:
    probes = tuple(Probe(f"g/test_x.py::test_{i}", "fact" if kind == "fact" else "contract", outcome)
                   for i, outcome in enumerate(outcomes))
    return CellResult(subject, platform, "dual", status, "" if status == "ran" else "because", probes=probes)


def judged(*cells: CellResult, required: tuple[str, ...] = (), problems: tuple[str, ...] = ()) -> Matrix:
    return judge(Matrix((), cells, choose_reference(None, cells), required, problems=problems))


@pytest.mark.parametrize(("cells", "required", "answer", "status"), [
    ([cell("a", "passed"), cell("b", "passed", "skipped")], (), "portable", 0),
    ([cell("a", "passed"), cell("b", "failed")], (), "not portable", 1),
    ([cell("a", "passed"), cell("b", "error")], (), "not portable", 1),
    ([cell("a", "passed"), cell("b", "failed", kind="fact")], (), "portable", 0),
    ([cell("a", "passed"), cell("b", status="not-run")], (), "portable", 0),
    ([cell("a", "passed"), cell("b", status="not-run")], ("b",), "not answered", 3),
    ([cell("a", "passed"), cell("b", status="error")], (), "not answered", 3),
    ([cell("a", "failed"), cell("b", status="not-run")], ("b",), "not portable", 1),
    ([cell("a", status="not-run")], (), "not answered", 3),
])
def test_answer_and_exit_status(cells: list[CellResult], required: tuple[str, ...], answer: str, status: int) -> None:
    matrix = judged(*cells, required=required)
    assert ([verdict.verdict for verdict in matrix.verdicts], exit_status(matrix)) == ([answer], status)


def test_reasons_name_platform_and_contract() -> None:
    verdict, = judged(cell("debian", "passed"), cell("b", "failed")).verdicts
    assert verdict.because == ("b fails test_0",)
    assert verdict.ran == ("debian", "b")


def test_a_platform_that_did_not_run_is_never_among_those_that_did() -> None:
    verdict, = judged(cell("a", "passed"), cell("b", status="not-run")).verdicts
    assert (verdict.ran, verdict.not_run) == (("a",), ("b",))


def test_each_subject_has_its_own_verdict() -> None:
    matrix = judged(cell("a", "passed"), cell("a", "failed", subject="python"))
    assert [(v.subject, v.verdict) for v in matrix.verdicts] == [("c", "portable"), ("python", "not portable")]
    assert exit_status(matrix) == 1


def test_nothing_at_all_is_not_a_pass() -> None:
    assert exit_status(judged()) == 3


def test_a_flaky_contract_is_no_pass() -> None:
    assert exit_status(judged(cell("a", "passed", "flaky"))) == 1


def test_an_expected_failure_makes_it_portable_with_known_differences() -> None:
    known = Probe("g/test_x.py::test_1", "contract", "failed", expected="that is so there")
    matrix = judged(cell("a", "passed"), CellResult("c", "b", "dual", "ran", probes=(known,)))
    assert matrix.verdicts[0].verdict == "portable with known differences"
    assert matrix.verdicts[0].because == ("b: test_1 fails as expected: that is so there",)
    assert exit_status(matrix) == 0


def test_an_expected_failure_covers_no_other() -> None:
    known = Probe("g/test_x.py::test_1", "contract", "failed", expected="that is so there")
    other = Probe("g/test_x.py::test_2", "contract", "failed", explanation="Because of the moon.")
    verdict, = judged(CellResult("c", "b", "dual", "ran", probes=(known, other))).verdicts
    assert (verdict.verdict, verdict.because) == ("not portable", ("Because of the moon.",))


def test_an_expectation_that_does_not_hold_fails_the_gate() -> None:
    matrix = judged(cell("a", "passed"), problems=("it passes now",))
    assert (matrix.verdicts[0].verdict, exit_status(matrix)) == ("portable", 1)


@pytest.mark.parametrize(("wanted", "ran", "reference"), [
    (None, ["local", "debian"], "debian"),
    (None, ["local", "alpine"], "local"),
    ("alpine", ["debian", "alpine"], "alpine"),
    ("alpine", ["debian"], "debian"),
    (None, [], "debian"),
])
def test_reference_is_the_wanted_one_debian_or_the_first_that_ran(wanted: str, ran: list[str], reference: str) -> None:
    assert choose_reference(wanted, [cell(name, "passed") for name in ran]) == reference
