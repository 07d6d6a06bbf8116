"""In which order cells begin: those that take longest first, so that nothing is left to wait for at the end."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Protocol

from anyunix.results.model import CellId

UNKNOWN_SECONDS = 60.0
"""For a cell whose time nobody knows, where no other is known either."""


class OnPlatform(Protocol):
    """A cell, to be run or planned."""

    @property
    def id(self) -> CellId: ...


def likely_seconds(cells: Sequence[OnPlatform], times: Mapping[CellId, float]) -> list[float]:
    """How long each cell is likely to take: as before; of one that is new, the median of those that are not."""
    known = [times[cell.id] for cell in cells if cell.id in times]
    usual = median(known) if known else UNKNOWN_SECONDS
    return [times.get(cell.id, usual) for cell in cells]


def longest_first(cells: Sequence[OnPlatform], times: Mapping[CellId, float]) -> list[int]:
    """The cells' numbers, the longest first; those of which nothing tells them apart in their order."""
    seconds = likely_seconds(cells, times)
    return sorted(range(len(cells)), key=lambda number: -seconds[number])


def measuring_first(cells: Sequence[OnPlatform], times: Mapping[CellId, float]) -> list[int]:
    """The same, for cells of which the first to begin on each platform measures its facts, too: the shortest one does,
    right before the longest, so that nobody's time becomes the longest by that.
    """
    longest = longest_first(cells, times)
    seconds = likely_seconds(cells, times)
    shortest: dict[str, int] = {}
    for number in sorted(longest, key=lambda number: (seconds[number], number)):
        shortest.setdefault(cells[number].id.platform, number)
    order = dict.fromkeys(each for number in longest for each in (shortest[cells[number].id.platform], number))
    return list(order)
