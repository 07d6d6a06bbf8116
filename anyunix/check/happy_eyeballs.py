"""How long a client that races the families (RFC 8305) would need, computed from what was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from anyunix.check.name_lookups import Lookup
from anyunix.check.reach import FAMILIES, Reach

ATTEMPT_DELAY, RESOLUTION_DELAY = 250.0, 50.0
"""Milliseconds (RFC 8305, 8): from one attempt to the next, and from IPv4's addresses to the first attempt where those
of IPv6 are still missing."""


@dataclass(frozen=True)
class Raced:
    """The first connection that stands."""

    milliseconds: float
    """From the question to the resolver on."""
    address: str


def race(reaches: Sequence[Reach], lookups: Sequence[Lookup]) -> Raced | None:
    """None where no address answers. The next attempt begins when the one before fails, if that is earlier."""
    ready = {each.family: each.milliseconds for each in lookups}
    waiting = _interleaved(reaches)
    now, best = _first_attempt(lookups), Raced(math.inf, "")
    while waiting:
        now = max(now, min(ready.get(each.family, 0.0) for each in waiting))
        if now >= best.milliseconds:
            break
        attempt = next(each for each in waiting if ready.get(each.family, 0.0) <= now)
        waiting.remove(attempt)
        if attempt.answered:
            best = min(best, Raced(now + attempt.connect.median, attempt.address), key=_milliseconds)
            now += ATTEMPT_DELAY
        else:
            now += min(ATTEMPT_DELAY, attempt.failed_ms)
    return best if best.address else None


def _milliseconds(raced: Raced) -> float:
    return raced.milliseconds


def _first_attempt(lookups: Sequence[Lookup]) -> float:
    """RFC 8305, 3: at once with IPv6's addresses; with IPv4's alone once IPv6's answer is there, or after a delay."""
    there = {each.family: each for each in lookups}
    if len(there) < 2:
        return 0.0
    ipv4, ipv6 = there["IPv4"], there["IPv6"]
    if not ipv4.addresses or (ipv6.addresses and ipv6.milliseconds <= ipv4.milliseconds):
        return ipv6.milliseconds
    return max(ipv4.milliseconds, min(ipv4.milliseconds + RESOLUTION_DELAY, ipv6.milliseconds))


def _interleaved(reaches: Sequence[Reach]) -> list[Reach]:
    """RFC 8305, 4: the families in turn, beginning with that of the first address."""
    by_family = [[each for each in reaches if each.family == family] for family in FAMILIES]
    by_family.sort(key=lambda found: reaches.index(found[0]) if found else len(reaches))
    return [each for each in chain.from_iterable(zip_longest(*by_family)) if each]
