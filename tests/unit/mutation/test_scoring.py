"""What became of each fault: caught, missed, or why it is neither; and whether the healthy server failed."""

from dataclasses import replace
from typing import Any

import pytest

from anyunix.catalog.builds import Build
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.local import LocalOptions
from anyunix.mutation.faults import Fault, Mutation
from anyunix.mutation.findings import FaultOutcome, Finding
from anyunix.mutation.scoring import Planned, judge
from anyunix.results.model import CellResult, Probe
from anyunix.run.cell import Cell
from tiny_catalog import GREETS


def contract(name: str, outcome: str, **more: Any) -> Probe:
    return replace(Probe(name, "contract", "passed"), outcome=outcome, **more)  # type: ignore[arg-type]


def judged(tiny: Catalog, probes: list[Probe], *, status: str = "ran", reason: str = "", **where: Any) -> Finding:
    """What is made of a cell with these probes, on a platform whose colour is blue."""
    fault = Fault("rude", "", "", {"tiny": Mutation((), tuple(probe.id for probe in probes), where)})
    subject, platform = tiny.subject("tiny"), Platform("local", "", LocalOptions())
    measured = Probe("x", "fact", "passed", facts={"colour": "blue", "sizes": {"int": 4, "long": 8}})
    cells = [
        Planned(Cell(subject, platform, "default")),
        Planned(Cell(subject, platform, "default", Build("rude")), fault),
    ]
    results = [
        CellResult("tiny", "local", "default", "ran", probes=(measured,)),
        CellResult("tiny", "local", "default", status, reason, "rude", probes=tuple(probes)),
    ]  # type: ignore[arg-type]
    (finding,) = judge(cells, results)[0]
    return finding


@pytest.mark.parametrize(
    ("outcomes", "where", "answer"),
    [
        (["failed"], {}, "caught"),
        (["error"], {}, "caught"),
        (["failed", "skipped"], {}, "caught"),
        (["failed", "passed"], {}, "missed"),
        (["passed"], {}, "missed"),
        (["skipped"], {}, "left out"),
        (["failed"], {"colour": "blue"}, "caught"),
        (["passed"], {"colour": "blue"}, "missed"),
        (["passed"], {"colour": "red"}, "does not show"),
        (["failed"], {"colour": "red"}, "shows elsewhere too"),
        (["failed"], {"sizes": {"long": 8}}, "caught"),
        (["passed"], {"sizes": {"long": 4}}, "does not show"),
        (["passed"], {"sizes": {"short": 2}}, "does not show"),
        (["passed"], {"unheard": 1}, "does not show"),
        (["failed"], {"unheard": 1}, "caught"),
    ],
)
def test_answers(tiny: Catalog, outcomes: list[str], where: dict[str, Any], answer: FaultOutcome) -> None:
    probes = [contract(f"g/t.py::test_{number}", outcome, message="why") for number, outcome in enumerate(outcomes)]
    finding = judged(tiny, probes, **where)
    assert finding.answer == answer
    assert (finding.reason == "") == (finding.answer == "caught" and "unheard" not in where)


@pytest.mark.parametrize(
    ("counts", "answer", "reason"),
    [
        ({"failed": 50}, "caught", ""),
        ({"failed": 49, "error": 1}, "caught", ""),
        ({"failed": 49, "passed": 1}, "missed", "g/t.py::test_a fails in 49 of 50 runs only"),
        ({"failed": 49, "skipped": 1}, "missed", "g/t.py::test_a fails in 49 of 50 runs only"),
    ],
)
def test_repeats_have_to_agree(tiny: Catalog, counts: dict[str, int], answer: FaultOutcome, reason: str) -> None:
    outcome = "failed" if len(counts) == 1 else "flaky"
    finding = judged(tiny, [contract("g/t.py::test_a", outcome, counts=counts)])
    assert (finding.answer, finding.reason) == (answer, reason)


def test_a_contract_that_could_not_be_tried_each_time_is_no_miss_beside_one_that_failed_each_time(
    tiny: Catalog,
) -> None:
    partly = contract("g/t.py::test_b", "flaky", counts={"failed": 48, "skipped": 2})
    assert judged(tiny, [contract("g/t.py::test_a", "failed", counts={"failed": 50}), partly]).answer == "caught"
    assert judged(tiny, [partly]).answer == "missed"


@pytest.mark.parametrize(
    ("counts", "fails"), [({"passed": 49, "skipped": 1}, False), ({"passed": 49, "failed": 1}, True)]
)
def test_a_healthy_server_may_not_fail_once(tiny: Catalog, counts: dict[str, int], fails: bool) -> None:
    planned = Planned(Cell(tiny.subject("tiny"), Platform("local", "", LocalOptions()), "default"))
    cell = CellResult("tiny", "local", "default", "ran", probes=(contract(GREETS, "flaky", counts=counts),))
    (healthy,) = judge([planned], [cell])[1]
    assert (GREETS in healthy.failures, healthy.kept) == (fails, 0 if fails else 1)


def test_what_did_not_run_or_broke_says_so(tiny: Catalog) -> None:
    assert judged(tiny, [], status="not-run", reason="no engine").answer == "not run"
    assert judged(tiny, [], status="error", reason="the cable is out").answer == "broke"
    unbuilt = judged(tiny, [contract("build/subject::builds", "failed", message="make: no")])
    assert (unbuilt.answer, "make: no" in unbuilt.reason) == ("broke", True)
