"""From outcomes to an answer and an exit status."""

from dataclasses import replace

import pytest

from anyunix.analysis.verdict import exit_status, judge
from anyunix.results.model import Again, CellResult, Matrix, Outcome, Probe, Status, Tried
from anyunix.run.matrix import choose_reference


def cell(
    platform: str, *outcomes: Outcome, status: Status = "ran", kind: str = "contract", subject: str = "c"
) -> CellResult:
    probes = tuple(
        Probe(f"g/test_x.py::test_{i}", "fact" if kind == "fact" else "contract", outcome)
        for i, outcome in enumerate(outcomes)
    )
    return CellResult(subject, platform, "dual", status, "" if status == "ran" else "because", probes=probes)


def judged(*cells: CellResult, required: tuple[str, ...] = (), problems: tuple[str, ...] = ()) -> Matrix:
    return judge(Matrix((), cells, choose_reference(None, cells), required, problems=problems))


@pytest.mark.parametrize(
    ("cells", "required", "answer", "status"),
    [
        ([cell("a", "passed", "passed"), cell("b", "passed", "skipped")], (), "portable", 0),
        ([cell("a", "passed"), cell("b", "failed")], (), "not portable", 1),
        ([cell("a", "failed"), cell("b", "passed")], (), "not portable", 1),
        ([cell("a", "passed"), cell("b", "error")], (), "not portable", 1),
        ([cell("a", "failed"), cell("b", "failed")], (), "promises broken", 1),
        ([cell("a", "skipped", "passed"), cell("b", "failed", "passed")], (), "promises broken", 1),
        ([cell("a", "passed", "failed"), cell("b", "failed", "failed")], (), "not portable", 1),
        ([cell("a", "passed"), cell("b", "flaky")], (), "flaky", 1),
        ([cell("a", "passed"), cell("b", "failed", kind="fact")], (), "not answered", 3),
        ([cell("a", "passed"), cell("b", status="not-run")], (), "nothing to compare with", 4),
        ([cell("a", "passed")], (), "nothing to compare with", 0),
        ([cell("a", "failed")], (), "promises broken", 1),
        ([cell("a", "skipped")], (), "not answered", 3),
        ([cell("a", "skipped"), cell("b", "skipped")], (), "not answered", 3),
        ([cell("a", "passed", "passed"), cell("b", "skipped", "skipped")], (), "not answered", 3),
        ([cell("a", "passed", "passed", "passed"), cell("b", "passed", "skipped", "skipped")], (), "not answered", 3),
        ([cell("a", "skipped", "skipped"), cell("b", "passed", "passed")], (), "not answered", 3),
        ([cell("a", "passed"), cell("b", status="not-run")], ("b",), "not answered", 3),
        ([cell("a", "passed"), cell("b", status="error")], (), "not answered", 3),
        ([cell("a", "failed"), cell("b", status="not-run")], ("b",), "promises broken", 1),
        ([cell("a", status="not-run")], (), "not answered", 3),
    ],
)
def test_answer_and_exit_status(cells: list[CellResult], required: tuple[str, ...], answer: str, status: int) -> None:
    matrix = judged(*cells, required=required)
    assert ([verdict.verdict for verdict in matrix.verdicts], exit_status(matrix)) == ([answer], status)


def test_reasons_name_platform_and_contract() -> None:
    (verdict,) = judged(cell("debian", "passed"), cell("b", "failed")).verdicts
    assert verdict.because == ("b fails test_0",)
    assert verdict.ran == ("debian", "b")


def test_a_platform_that_did_not_run_is_never_among_those_that_did() -> None:
    (verdict,) = judged(cell("a", "passed"), cell("b", status="not-run")).verdicts
    assert (verdict.ran, verdict.not_run) == (("a",), ("b",))


def test_each_subject_has_its_own_verdict() -> None:
    matrix = judged(
        cell("a", "passed"),
        cell("b", "passed"),
        cell("a", "failed", subject="python"),
        cell("b", "passed", subject="python"),
    )
    assert [(v.subject, v.verdict) for v in matrix.verdicts] == [("c", "portable"), ("python", "not portable")]
    assert exit_status(matrix) == 1


def test_nothing_at_all_is_not_a_pass() -> None:
    assert exit_status(judged()) == 3


def test_a_flaky_contract_is_no_pass() -> None:
    assert exit_status(judged(cell("a", "passed", "flaky"))) == 1


def test_a_group_that_was_not_tried_at_all_is_no_answer() -> None:
    """Many contracts of one group do not make up for a group of which nothing was tried."""
    kept = tuple(
        Probe(f"{group}/test_x.py::test_{n}", "contract", "passed")
        for group, many in (("binding", 20), ("locking", 2))
        for n in range(many)
    )
    there = tuple(probe for probe in kept if probe.group == "binding")
    (verdict,) = judged(
        CellResult("c", "a", "dual", "ran", probes=kept), CellResult("c", "b", "dual", "ran", probes=there)
    ).verdicts
    assert verdict.because == ("not answered on b: 20 of 22 contracts tried (locking 0 of 2)",)


def test_what_was_tried_is_counted_against_what_the_reference_kept() -> None:
    (verdict,) = judged(cell("a", "passed", "passed", "failed"), cell("b", "passed", "skipped", "failed")).verdicts
    assert verdict.tried == (Tried("a", 3, 3), Tried("b", 1, 2))


def test_each_failure_has_its_kind() -> None:
    """A contract that no platform keeps breaks a promise; one that some keep is a difference."""
    matrix = judged(cell("a", "passed", "failed"), cell("b", "failed", "failed"))
    assert [[probe.failure_kind for probe in each.probes] for each in matrix.cells] == [
        ["", "broken promise"],
        ["platform difference", "broken promise"],
    ]
    assert matrix.verdicts[0].differences == ("g/test_x.py::test_0",)
    assert matrix.verdicts[0].broken_promises == ("g/test_x.py::test_1",)


def test_a_contract_that_a_poisoned_build_alone_breaks_is_a_difference() -> None:
    poisoned = [replace(cell(name, "failed"), build="poisoned") for name in "ab"]
    matrix = judged(cell("a", "passed"), cell("b", "passed"), *poisoned)
    assert matrix.verdicts[0].verdict == "not portable"
    assert matrix.verdicts[0].broken_promises == ()


def test_a_poisoned_build_that_cannot_be_made_takes_no_answer_away() -> None:
    poisoned = replace(cell("b", status="not-run"), build="poisoned")
    matrix = judged(cell("a", "passed"), cell("b", "passed"), poisoned, required=("a", "b"))
    assert matrix.verdicts[0].verdict == "portable"


@pytest.mark.parametrize("again", ["did not repeat", "not a difference"])
def test_what_a_second_run_contradicts_is_no_platform_difference(again: Again) -> None:
    failed = replace(cell("b", "failed").probes[0], again=again)
    matrix = judged(cell("a", "passed"), CellResult("c", "b", "dual", "ran", probes=(failed,)))
    assert (matrix.verdicts[0].verdict, matrix.cells[1].probes[0].failure_kind) == ("flaky", "flaky")


def test_what_follows_from_a_failure_is_no_reason_of_its_own() -> None:
    """Unless the cause is accepted: then it would be hidden."""
    cause = Probe("g/test_x.py::test_0", "contract", "failed")
    effect = Probe("g/test_x.py::test_1", "contract", "failed", follows_from=cause.id)
    reference = cell("a", "passed", "passed")
    (verdict,) = judged(reference, CellResult("c", "b", "dual", "ran", probes=(cause, effect))).verdicts
    assert (verdict.because, verdict.differences) == (("b fails test_0",), (cause.id,))
    known = replace(cause, expected="so it is")
    (verdict,) = judged(reference, CellResult("c", "b", "dual", "ran", probes=(known, effect))).verdicts
    assert (verdict.verdict, verdict.differences) == ("not portable", (effect.id,))


def test_what_takes_a_broken_promise_back_is_told() -> None:
    broken = Probe("signals/test_x.py::test_ends", "contract", "failed", promises=("sigterm",))
    (verdict,) = judged(*(CellResult("c", name, "dual", "ran", probes=(broken,)) for name in "ab")).verdicts
    assert verdict.because == (
        "kept on no platform: test_ends; if it is not meant to be, write promises: "
        "{sigterm: alone} (or slow, survives, either, false) in the subject file",
    )


def test_a_subject_that_does_not_build_somewhere_is_judged_by_that_alone() -> None:
    unbuilt = Probe("build/subject::builds", "contract", "failed", "no gcc")
    (verdict,) = judged(cell("a", "passed"), CellResult("c", "b", "dual", "ran", probes=(unbuilt,))).verdicts
    assert (verdict.verdict, verdict.because) == ("not portable", ("b fails builds",))


def test_a_subject_that_builds_nowhere_breaks_a_promise() -> None:
    unbuilt = Probe("build/subject::builds", "contract", "failed", "no gcc")
    (verdict,) = judged(*(CellResult("c", name, "dual", "ran", probes=(unbuilt,)) for name in "ab")).verdicts
    assert (verdict.verdict, verdict.because) == ("promises broken", ("kept on no platform: builds",))


def test_one_platform_alone_says_what_was_kept_there() -> None:
    (verdict,) = judged(cell("a", "passed", "passed", "skipped")).verdicts
    assert verdict.because == ("kept all 2 contracts on a; nothing to compare with",)


def test_an_expected_failure_makes_it_portable_with_known_differences() -> None:
    known = Probe("g/test_x.py::test_1", "contract", "failed", expected="that is so there")
    matrix = judged(
        cell("a", "passed", "passed"),
        CellResult("c", "b", "dual", "ran", probes=(known, Probe("g/test_x.py::test_0", "contract", "passed"))),
    )
    assert matrix.verdicts[0].verdict == "portable with known differences"
    assert matrix.verdicts[0].because == ("b: test_1 fails as expected: that is so there",)
    assert exit_status(matrix) == 0


def test_an_expected_failure_covers_no_other() -> None:
    known = Probe("g/test_x.py::test_1", "contract", "failed", expected="that is so there")
    other = Probe("g/test_x.py::test_2", "contract", "failed", explanation="Because of the moon.")
    (verdict,) = judged(
        cell("a", "passed", "passed", "passed"), CellResult("c", "b", "dual", "ran", probes=(known, other))
    ).verdicts
    assert (verdict.verdict, verdict.because) == ("not portable", ("Because of the moon.",))


def test_an_expectation_that_does_not_hold_fails_the_gate() -> None:
    matrix = judged(cell("a", "passed"), cell("b", "passed"), problems=("it passes now",))
    assert (matrix.verdicts[0].verdict, exit_status(matrix)) == ("portable", 1)


@pytest.mark.parametrize(
    ("wanted", "ran", "reference"),
    [
        (None, ["local", "debian"], "debian"),
        (None, ["local", "alpine"], "local"),
        ("alpine", ["debian", "alpine"], "alpine"),
        ("alpine", ["debian"], "debian"),
        (None, [], "debian"),
    ],
)
def test_reference_is_the_wanted_one_debian_or_the_first_that_ran(wanted: str, ran: list[str], reference: str) -> None:
    assert choose_reference(wanted, [cell(name, "passed") for name in ran]) == reference
