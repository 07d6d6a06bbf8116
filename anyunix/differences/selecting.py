"""Which contracts are tried first, and which can wait."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import median
from typing import TypeVar

from anyunix.analysis.candidates import likely_for
from anyunix.catalog.difference import Difference
from anyunix.results.model import Probe
from anyunix.run.rerun import REPRESENTATIVE

Names = TypeVar("Names")
SLOW_SECONDS, SLOW = 1.0, 3
"""A contract can wait that takes longer than this, and so many times as long as most of them."""
TRACED = 2
"""Contracts of each group that are run again under a tracer: the quickest."""
QUICK_SECONDS = 3
"""What takes longer is no quick contract."""
AT_A_TIME = 24
"""Contracts of a cell from one look at the time to the next."""
OVERTIME = "from pytest-timeout"
"""How pytest-timeout says that a probe took too long."""


def to_trace(kept: Sequence[Probe]) -> tuple[str, ...]:
    """Contracts that show which calls a server makes: it starts, serves and ends, and the quickest of each group."""
    quickest = sorted(kept, key=lambda each: each.seconds)
    groups = dict.fromkeys(each.group for each in kept)
    chosen = [each.id for group in groups for each in [each for each in quickest if each.group == group][:TRACED]]
    return tuple(dict.fromkeys([*(each.id for each in kept if each.id in REPRESENTATIVE), *chosen]))


def nearest(differences: Iterable[Difference], kept: Sequence[Probe]) -> list[str]:
    """The contracts that differences would break first: those that name one of their facts as what can explain a
    failure, and that the server starts, serves and ends, which all others need as well.
    """
    own = list(differences)
    basic = [each.id for each in kept if each.id in REPRESENTATIVE] or [min(kept, key=lambda each: each.seconds).id]
    return [each.id for each in kept if each.id in basic or likely_for(each, own)]


def slow_ones(kept: Sequence[Probe]) -> frozenset[str]:
    """Contracts that hold a cell up which is done with the others long before."""
    usual = median(each.seconds for each in kept)
    return frozenset(each.id for each in kept if each.seconds > max(SLOW_SECONDS, SLOW * usual))


def quick_first(contracts: Sequence[str], slow: Collection[str]) -> list[str]:
    """Those that do not have to wait; of slow ones alone, all."""
    return [each for each in contracts if each not in slow] or list(contracts)


def took_too_long(probe: Probe) -> bool:
    """Whether its time limit ended it."""
    return OVERTIME in probe.message


def in_parts(wanted: Mapping[Names, Sequence[str]]) -> list[tuple[Names, tuple[str, ...]]]:
    """What takes a while, in parts that take less: the first part of each comes before the second one of any."""
    most = max(map(len, wanted.values()), default=0)
    return [
        (names, tuple(contracts[start : start + AT_A_TIME]))
        for start in range(0, most, AT_A_TIME)
        for names, contracts in wanted.items()
        if contracts[start:]
    ]
