"""From outcomes to an answer and an exit status."""

import pytest

from anyunix.catalog import Platform
from anyunix.matrix import Matrix, choose_reference
from anyunix.results import CellResult, Outcome, Probe, Status
from anyunix.verdict import Verdict, exit_status, verdicts


def cell(platform: str, *outcomes: Outcome, status: Status = "ran", kind: str = "contract",
         subject: str = "c") -> CellResult:
    probes = tuple(Probe(f"g/test_x.py::test_{i}", "fact" if kind == "fact" else "contract", outcome)
                   for i, outcome in enumerate(outcomes))
    return CellResult(subject, platform, "dual", status, "" if status == "ran" else "because", probes=probes)


def judge(*cells: CellResult, required: tuple[str, ...] = ()) -> list[Verdict]:
    names = dict.fromkeys(cell.platform for cell in cells)
    platforms = tuple(Platform(name, name, "local") for name in names)
    return verdicts(Matrix(platforms, cells, choose_reference(None, cells), required))


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
    found = judge(*cells, required=required)
    assert ([verdict.answer for verdict in found], exit_status(found)) == ([answer], status)


def test_reasons_name_platform_and_contract() -> None:
    verdict, = judge(cell("debian", "passed"), cell("b", "failed"))
    assert verdict.because == ("b fails test_0",)
    assert verdict.ran == ("debian", "b")


def test_a_platform_that_did_not_run_is_never_among_those_that_did() -> None:
    verdict, = judge(cell("a", "passed"), cell("b", status="not-run"))
    assert (verdict.ran, verdict.not_run) == (("a",), ("b",))


def test_each_subject_has_its_own_verdict() -> None:
    found = judge(cell("a", "passed"), cell("a", "failed", subject="python"))
    assert [(v.subject, v.answer) for v in found] == [("c", "portable"), ("python", "not portable")]
    assert exit_status(found) == 1


def test_nothing_at_all_is_not_a_pass() -> None:
    assert exit_status([]) == 3


@pytest.mark.parametrize(("wanted", "ran", "reference"), [
    (None, ["local", "debian"], "debian"),
    (None, ["local", "alpine"], "local"),
    ("alpine", ["debian", "alpine"], "alpine"),
    ("alpine", ["debian"], "debian"),
    (None, [], "debian"),
])
def test_reference_is_the_wanted_one_debian_or_the_first_that_ran(wanted: str, ran: list[str], reference: str) -> None:
    assert choose_reference(wanted, [cell(name, "passed") for name in ran]) == reference
