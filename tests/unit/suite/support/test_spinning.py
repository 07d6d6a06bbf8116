"""suite/support/spinning.py and aftermath.py: who waits is at rest, who works or waits for a CPU is not."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

WORKS = "print(flush=True)\nwhile True: pass"
WAITS = "import time\nprint(flush=True)\ntime.sleep(600)"
A_SECOND = 1.0


class Started:
    """As much of a server as is looked at."""

    def __init__(self, program: str) -> None:
        command = [sys.executable, "-ISc", program]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self.pid = self._process.pid

    def forks(self) -> list[int]:
        return [self.pid]

    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def start() -> Iterator[Any]:
    started: list[Started] = []

    def start(program: str) -> Started:
        started.append(Started(program))
        return started[-1]

    yield start
    for each in started:
        each.end()


def test_who_works_and_asks_now_and_then_spins(support: None, start: Any) -> None:
    """On a busy machine, say: a tracer let it ask four times in a second."""
    from support.spinning import spins

    asked = iter([0, 4])
    assert spins(start(WORKS), lambda: next(asked), A_SECOND).startswith("spins: asks ")


def test_who_asks_as_often_and_sleeps_in_between_does_not(support: None, start: Any) -> None:
    from support.spinning import spins

    asked = iter([0, 4])
    assert spins(start(WAITS), lambda: next(asked), A_SECOND) == ""


def test_who_works_and_asks_no_more_does_not(support: None, start: Any) -> None:
    from support.spinning import spins

    assert spins(start(WORKS), lambda: 1, A_SECOND) == ""


def test_who_asks_very_often_spins_though_it_sleeps(support: None, start: Any) -> None:
    from support.spinning import spins

    asked = count(0, 100_000)
    assert spins(start(WAITS), lambda: next(asked), A_SECOND).startswith("spins: asks ")


def test_who_works_is_not_at_rest(support: None, start: Any) -> None:
    from support.aftermath import asleep

    assert not asleep(start(WORKS))


def test_what_settles_is_waited_for_and_what_never_does_is_not_for_ever(support: None, start: Any) -> None:
    from support.aftermath import Footprint, asleep, settled

    waits = start(WAITS)
    assert settled(waits) == Footprint.of(waits)
    assert asleep(waits)
    works = start(WORKS)
    assert settled(works) == Footprint.of(works)
