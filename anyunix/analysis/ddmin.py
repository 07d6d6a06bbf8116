"""ddmin: a set that breaks something, shrunk until no element can be spared.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002. Whoever calls it tests
the sets, several at a time if he likes: it is a generator that asks for some and is sent what breaks.
"""

from collections.abc import Collection, Generator, Mapping, Sequence
from itertools import pairwise

Subset = frozenset[str]
Asked = Sequence[Subset]
Breaks = Mapping[Subset, bool]
"""Whether the set breaks it. What nobody can tell does not."""


def ddmin(items: Collection[str], width: int = 2) -> Generator[Asked, Breaks, Subset]:
    """Give a minimal subset: it breaks, and without any one of its elements it does not.

    `items` are known to break it, and no items at all not to; in what order they come says nothing. `width` sets are
    asked for at a time at most, of which all are tested though the first of them may do.
    """
    left, pieces = Subset(items), 2
    while len(left) > 1:
        parts = _parts(left, pieces)
        rests = [left - part for part in parts] if pieces > 2 else []  # of two, each is what the other leaves
        if (found := (yield from _first(parts, width))) is not None:
            left, pieces = found, 2
        elif (found := (yield from _first(rests, width))) is not None:
            left, pieces = found, max(pieces - 1, 2)
        elif pieces >= len(left):
            break
        else:
            pieces = min(pieces * 2, len(left))
    return left


def _parts(items: Subset, pieces: int) -> list[Subset]:
    """The items in so many pieces of about one size, in their own order."""
    ordered = sorted(items)
    bounds = [len(ordered) * number // pieces for number in range(pieces + 1)]
    return [Subset(ordered[start:end]) for start, end in pairwise(bounds)]


def _first(sets: Asked, width: int) -> Generator[Asked, Breaks, Subset | None]:
    """The first of them that breaks it."""
    for start in range(0, len(sets), width):
        some = sets[start : start + width]
        breaks = yield some
        if (found := next((each for each in some if breaks[each]), None)) is not None:
            return found
    return None
