"""Several runs in one cell: agreement is a result, disagreement is shown."""

from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.results.model import Outcome, Probe
from anyunix.results.repeats import merge_repeats
from anyunix.run.cell import Cell, CellRun, SuiteOptions

FLICKERING = '''
import pathlib, os
def count():
    """How often the suite ran in this cell."""
    file = pathlib.Path(os.environ["ANYUNIX_SUBJECT"]).parent / "count"
    number = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(number))
    return number

def test_flickers(subject):
    """A contract that fails every second time."""
    assert count() % 2, "even"

def test_varies(fact):
    """A fact that is not stable, and one that is."""
    fact("x.varies", (pathlib.Path(os.environ["ANYUNIX_SUBJECT"]).parent / "count").read_text())
    fact("x.stays", 1)
'''


def contract(outcome: Outcome, message: str = "") -> Probe:
    return Probe("g/t.py::test", "contract", outcome, message)


def test_one_run_is_left_as_it_is() -> None:
    assert merge_repeats([[contract("passed")]]) == (contract("passed"),)


def test_agreement_keeps_the_outcome_and_counts() -> None:
    (probe,) = merge_repeats([[contract("failed", "a")], [contract("failed", "b")]])
    assert (probe.outcome, probe.message, probe.counts) == ("failed", "a", {"failed": 2})


def test_disagreement_is_flaky_with_counts_and_the_words_of_a_failure() -> None:
    (probe,) = merge_repeats([[contract("passed")], [contract("failed", "why")], [contract("passed")]])
    assert (probe.outcome, probe.bad, probe.counts) == ("flaky", True, {"passed": 2, "failed": 1})
    assert probe.message == "flaky: 1 failed, 2 passed of 3 runs\nwhy"


def test_a_probe_missing_from_a_run_is_no_agreement() -> None:
    (probe,) = merge_repeats([[contract("passed")], []])
    assert (probe.outcome, probe.counts) == ("flaky", {"passed": 1, "error": 1})


@pytest.mark.parametrize(
    ("outcomes", "outcome", "message"),
    [
        (("skipped", "passed"), "passed", "1 of 2 runs left it out: no room"),
        (("failed", "skipped", "skipped"), "failed", "why\n2 of 3 runs left it out: no room"),
        (("skipped", "skipped"), "skipped", "no room"),
        (("skipped", "passed", "failed"), "flaky", "flaky: 1 failed, 1 passed, 1 skipped of 3 runs\nwhy"),
    ],
)
def test_a_run_that_left_it_out_is_no_disagreement(
    outcomes: tuple[Outcome, ...], outcome: Outcome, message: str
) -> None:
    said = {"skipped": "no room", "failed": "why"}
    (probe,) = merge_repeats([[contract(each, said.get(each, ""))] for each in outcomes])
    assert (probe.outcome, probe.message) == (outcome, message)
    assert probe.counts == {each: outcomes.count(each) for each in outcomes}


def test_a_real_cell_run_twice(subject: Subject, local: Platform, make_suite: Callable[[str], Path]) -> None:
    run = CellRun(
        Cell(subject, local, "default"),
        LocalDriver(),
        SuiteOptions(make_suite(FLICKERING), repeat=2, workers=1),  # one probe reads what the other wrote
        lambda text: None,
    )
    flickers, varies = run.run().probes
    assert (flickers.outcome, flickers.counts) == ("flaky", {"passed": 1, "failed": 1})
    assert "even" in flickers.message
    assert (varies.facts, varies.unstable) == ({"x.stays": 1}, {"x.varies": ("1", "2")})
    assert len(run.artifacts.junit) == 2
