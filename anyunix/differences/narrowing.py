"""Of the differences that break a contract together, the fewest that do."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from anyunix.analysis.ddmin import Subset, ddmin

TestSets = Callable[[Sequence[Subset]], Mapping[Subset, bool]]
"""Holds the contract against the server with each set switched on."""


def narrow(
    names: Collection[str],
    likely: Collection[str],
    breaks: TestSets,
    until: float,
    width: int,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[tuple[str, ...], bool]:
    """The fewest of `names`, which break it all together, and whether none can be spared; time may be over before.

    `likely` are tried first: those whose facts the contract says to depend on. `width` sets go side by side.
    """
    left = Subset(names)
    first = Subset(likely)
    if first and first < left and breaks([first])[first]:
        left = first
    search = ddmin(left, width)
    try:
        asked = next(search)
        while clock() < until:
            found = breaks(asked)
            left = next((each for each in asked if found[each]), left)
            asked = search.send(found)
    except StopIteration as end:
        return tuple(sorted(end.value)), True
    return tuple(sorted(left)), False
