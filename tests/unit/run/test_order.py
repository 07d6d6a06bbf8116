"""anyunix/run/order.py: the longest cells begin first, and who measures the facts is the longest of nothing by that."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from anyunix.results.model import CellId
from anyunix.run.order import UNKNOWN_SECONDS, likely_seconds, longest_first, measuring_first


@dataclass(frozen=True)
class Place:
    """A cell."""

    id: CellId


def cells(*names: str) -> list[Place]:
    """`a1`: on platform a, of subject 1."""
    return [Place(CellId(name[1:], "dual", name[0])) for name in names]


def times(**seconds: float) -> dict[CellId, float]:
    return {cell.id: each for cell, each in zip(cells(*seconds), seconds.values(), strict=True)}


def names(order: Sequence[int], of: Sequence[Place]) -> list[str]:
    return [f"{of[number].id.platform}{of[number].id.subject}" for number in order]


def test_the_longest_is_the_first_and_a_new_one_is_as_long_as_the_median() -> None:
    own = cells("a1", "a2", "a3", "a4")
    known = times(a1=10, a2=90, a3=30, b9=7000)
    assert likely_seconds(own, known) == [10, 90, 30, 30], "those of other runs say nothing about these"
    assert names(longest_first(own, known), own) == ["a2", "a3", "a4", "a1"]
    assert likely_seconds(own, {}) == [UNKNOWN_SECONDS] * 4


def test_where_no_time_is_known_the_order_stays() -> None:
    own = cells("a1", "b1", "a2", "b2")
    assert measuring_first(own, {}) == longest_first(own, {}) == [0, 1, 2, 3]
    assert measuring_first([], {}) == []


def test_the_shortest_of_each_platform_measures_and_begins_with_its_longest() -> None:
    own = cells("a1", "b1", "a2", "b2", "a3", "b3")
    order = measuring_first(own, times(a1=50, a2=10, a3=90, b1=70, b2=80, b3=60))
    assert names(order, own) == ["a2", "a3", "b3", "b2", "b1", "a1"]
    assert sorted(order) == list(range(6))


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
def test_to_measure_makes_no_run_longer_than_any_order_would(jobs: int) -> None:
    """One platform, as on a laptop: the facts take 6 s wherever they are measured."""
    own, known = cells("a1", "a2", "a3"), times(a1=30, a2=20, a3=10)

    def ends(order: Sequence[int]) -> float:
        free = [0.0] * jobs
        for place, number in enumerate(order):
            free.sort()
            free[0] += known[own[number].id] + (0 if place else 6)
        return max(free)

    assert ends(measuring_first(own, known)) <= ends([0, 1, 2])
