"""Limits grow with the load that is measured once, and stay within bounds."""

import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.run.cell import Cell, CellRun, SuiteOptions


@pytest.fixture
def deadline(support: None) -> ModuleType:
    from support import deadline

    deadline.patience.cache_clear()
    return deadline


def clocks(monkeypatch: pytest.MonkeyPatch, deadline: ModuleType, share: float) -> None:
    """A machine on which this process gets `share` of a processor: CPU time passes that much slower than time."""
    ticks = iter(range(10**6))
    monkeypatch.setattr(deadline.time, "monotonic", lambda: 0.001 * next(ticks))
    monkeypatch.setattr(deadline.time, "process_time", lambda: 0.001 * share * next(ticks))


@pytest.mark.parametrize(("share", "factor"), [(1.0, 1), (0.25, 4), (0.02, 10), (0.0, 10)])
def test_a_deadline_is_as_much_later_as_work_takes_longer(
    share: float, factor: int, deadline: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks(monkeypatch, deadline, share)
    assert deadline.Deadline(2.0).seconds == pytest.approx(2.0 * factor, rel=0.1)


def test_a_wait_shares_the_deadline_that_it_is_given(deadline: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "load", lambda: 7.0)
    given = deadline.Deadline(0.01)
    with pytest.raises(TimeoutError, match=r"waited 0\.07 s for nothing; last seen: 0"):
        deadline.wait_until(int, "nothing", given)


def test_a_probe_may_take_longer_as_well(subject: Subject, local: Platform, make_suite: Callable[[str], Path]) -> None:
    suite = make_suite("def test_seconds(fact, request):\n    fact('a.seconds', request.config._env_timeout)\n")
    source = suite / "support" / "deadline.py"
    source.write_text(source.read_text().replace("def load() -> float:\n", "def load() -> float:\n    return 3.0\n"))
    result = CellRun(Cell(subject, local, "default"), LocalDriver(), SuiteOptions(suite), lambda text: None).run()
    assert result.facts == {"a.seconds": 180.0}


@pytest.mark.parametrize(("later", "waited"), [(1.0, 0.01), (5.0, 0.05)])
def test_before_anything_is_missed_the_load_is_measured_again(
    later: float, waited: float, deadline: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = iter([1.0, later])
    monkeypatch.setattr(deadline, "load", lambda: next(loads))
    begun = time.monotonic()
    assert deadline.in_time(int, 0.01) is None
    assert time.monotonic() - begun >= waited


def test_what_comes_in_time_is_what_is_given(deadline: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "load", lambda: 1.0)
    answers = iter(["", "", "here"])
    assert deadline.in_time(lambda: next(answers), 5.0) == "here"
