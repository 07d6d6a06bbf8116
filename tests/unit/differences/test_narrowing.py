"""The fewest differences that break a contract."""

from collections.abc import Mapping, Sequence

from anyunix.analysis.ddmin import Subset
from anyunix.differences.narrowing import narrow

NAMES = [f"d{number}" for number in range(20)]


class Server:
    """Breaks when all of `guilty` are on; counts how often it was tried."""

    def __init__(self, *guilty: str) -> None:
        self.guilty, self.runs = {*guilty}, 0

    def __call__(self, sets: Sequence[Subset]) -> Mapping[Subset, bool]:
        self.runs += len(sets)
        return {each: self.guilty <= each for each in sets}


def test_two_that_break_it_together_are_found() -> None:
    server = Server("d3", "d17")
    assert narrow(NAMES, [], server, 1.0, 2, clock=lambda: 0.0) == (("d17", "d3"), True)


def test_with_the_likely_ones_it_takes_a_few_runs() -> None:
    server = Server("d3", "d17")
    assert narrow(NAMES, ["d3", "d17"], server, 1.0, 2, clock=lambda: 0.0) == (("d17", "d3"), True)
    assert server.runs <= 5


def test_likely_ones_that_do_not_break_it_mislead_nobody() -> None:
    assert narrow(NAMES, ["d1"], Server("d3"), 1.0, 2, clock=lambda: 0.0) == (("d3",), True)


def test_when_time_is_over_what_is_left_is_not_called_minimal() -> None:
    times = iter([0.0, 2.0])
    names, minimal = narrow(NAMES, [], Server("d3"), 1.0, 2, clock=lambda: next(times))
    assert "d3" in names
    assert len(names) < len(NAMES)
    assert not minimal
