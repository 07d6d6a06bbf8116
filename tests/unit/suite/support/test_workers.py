"""Probes side by side in a cell: who runs beside whom, in which order, and what a worker's end does."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.durations import Durations

TOP = """
import os, pathlib, signal, sys, time
import pytest
from support.deadline import wait_until
TOP = pathlib.Path(__file__).parents[2]  # the work folder
def there(name):
    return (TOP / name).exists()
"""
MEETING = '''
@pytest.mark.parametrize("me, other", [("a", "b"), ("b", "a")])
def test_meets(fact, me, other):
    """Ends when the other one is running."""
    (TOP / me).touch()
    wait_until(lambda: there(other), "the other one", 3.0)
'''
ALONE = '''
@pytest.mark.alone
def test_alone(fact):
    """Sees who is running."""
    assert sorted(TOP.glob("running-*")) == []
    fact("a.ended", len(list(TOP.glob("ended-*"))))
@pytest.mark.parametrize("number", range(4))
def test_beside(fact, number):
    """Takes a moment."""
    (TOP / f"running-{number}").touch()
    wait_until(lambda: len([*TOP.glob("running-*"), *TOP.glob("ended-*")]) > 1, "another one", 3.0)
    (TOP / f"running-{number}").rename(TOP / f"ended-{number}")
'''
OWN_SESSION = '''
@pytest.mark.parametrize("number", range(4))
def test_leads(fact, number):
    """Leads a session, and has its own output."""
    print("said by", number)
    fact(f"a.leads{number}", [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()])
    if number == 2:
        pytest.fail("as it is to")
'''
NEEDED = '''
@pytest.mark.alone
@pytest.mark.depends_on("group/test_probes.py::test_needed")
def test_needs_and_is_alone(subject):
    """Cannot be tried, by a worker that did not see the failure."""
@pytest.mark.depends_on("group/test_probes.py::test_needed")
@pytest.mark.parametrize("number", range(3))
def test_needs(subject, number):
    """Cannot be tried."""
def test_needed(subject):
    """Fails a moment later."""
    time.sleep(0.2)
    raise AssertionError("broken")
'''
IN_TURN = '''
@pytest.mark.parametrize("number", range(6))
def test_begins(fact, number):
    """Says when."""
    fact(f"a.begins{number}", time.monotonic())
    time.sleep(0.05)
'''
KILLED = '''
def test_killed(fact):
    """Leaves a child behind, which has the worker's descriptors."""
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)
'''

RunProbes = Callable[..., CellResult]


@pytest.fixture
def run_probes(subject: Subject, local: Platform, make_suite: Callable[[str], Path]) -> RunProbes:
    def run(probes: str, workers: int = 2, durations: Durations | None = None) -> CellResult:
        options = SuiteOptions(make_suite(TOP + probes), workers=workers, durations=durations or Durations())
        return CellRun(Cell(subject, local, "default"), LocalDriver(), options, lambda text: None).run()

    return run


@pytest.mark.parametrize(("workers", "outcomes"), [(1, {"failed", "passed"}), (2, {"passed"})])
def test_two_workers_run_two_probes_at_a_time(run_probes: RunProbes, workers: int, outcomes: set[str]) -> None:
    result = run_probes(MEETING, workers)
    assert {probe.outcome for probe in result.probes} == outcomes, result.reason


def test_a_probe_that_is_to_be_alone_comes_when_all_others_have_ended(run_probes: RunProbes) -> None:
    result = run_probes(ALONE, 4)
    assert [(probe.name, probe.outcome) for probe in result.probes] == [
        ("test_alone", "passed"),
        *((f"test_beside[{number}]", "passed") for number in range(4)),
    ]
    assert result.facts == {"a.ended": 4}


def test_each_worker_leads_a_session_and_tells_what_its_own_probe_said(run_probes: RunProbes) -> None:
    result = run_probes(OWN_SESSION, 4)
    assert result.facts == {f"a.leads{number}": [True, True] for number in range(4)}
    assert [probe.outcome for probe in result.probes] == ["passed", "passed", "failed", "passed"]


def test_what_depends_on_a_contract_that_fails_is_not_tried(run_probes: RunProbes) -> None:
    result = run_probes(NEEDED, 4)
    assert [(probe.name, probe.outcome) for probe in result.probes] == [
        ("test_needed", "failed"),
        ("test_needs_and_is_alone", "skipped"),
        *((f"test_needs[{number}]", "skipped") for number in range(3)),
    ]
    assert "not tried because of group/test_probes.py::test_needed" in result.probes[1].message


def test_those_that_took_longest_begin_first(run_probes: RunProbes, tmp_path: Path) -> None:
    ids = {number: f"group/test_probes.py::test_begins[{number}]" for number in range(6)}
    durations = Durations({ids[4]: 2000.0, ids[5]: 9000.0})
    begun = run_probes(IN_TURN, 2, durations).facts
    first = sorted(range(6), key=lambda number: float(begun[f"a.begins{number}"]))
    assert set(first[:2]) == {4, 5}
    durations.save(tmp_path / "durations.json")
    now = json.loads((tmp_path / "durations.json").read_text())
    assert max(now.values(), default=0.0) < 2000.0, "they did not take that long this time"


def test_a_worker_that_is_killed_is_an_error_at_once(run_probes: RunProbes) -> None:
    started = time.monotonic()
    result = run_probes(KILLED, 2)
    assert result.status == "error"
    assert "pytest ended with status 137 after suite/group/test_probes.py::test_killed" in result.reason
    assert time.monotonic() - started < 30
