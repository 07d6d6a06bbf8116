"""Two runs' steps side by side, and where they part first."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from anyunix.results import ProcessTrace, Trace, TraceRow
from anyunix.text import safe
from anyunix.trace.steps import KILLED, Step

STEPS = 1500
"""Of one process that are compared at most."""
PROCESSES = 9
"""Whose rows are kept; and of those behind them the one that parts first."""
Steps = Mapping[str, Sequence[Step]]
Pair = tuple[Step | None, Step | None]


def align(here: Steps, there: Steps, reference: str) -> Trace:
    """The trace of a probe. Which process parts first is judged by the order of things here.

    A process that is on one platform only parts where its parent forks it, or does not.
    """
    processes, first, earliest = [], "", -1
    for role in dict.fromkeys([*there, *here]):
        pairs = list(_pairs(here.get(role, ())[:STEPS], there.get(role, ())[:STEPS]))
        process = ProcessTrace(role, _rows(pairs))
        processes.append(process)
        if process.parting is not None and role in here and role in there:
            at = _place(pairs, process.parting)
            if earliest == -1 or at < earliest:
                first, earliest = role, at
    kept = [process for number, process in enumerate(processes) if number < PROCESSES or process.role == first]
    return Trace(reference, tuple(kept), first, left_out=len(processes) - len(kept))


def _pairs(here: Sequence[Step], there: Sequence[Step]) -> Iterator[Pair]:
    matcher = SequenceMatcher(None, [step.text for step in here], [step.text for step in there], autojunk=False)
    for _, here_from, here_to, there_from, there_to in matcher.get_opcodes():
        yield from zip_longest(here[here_from:here_to], there[there_from:there_to])


def _rows(pairs: Sequence[Pair]) -> tuple[TraceRow, ...]:
    """What comes behind the last thing in common of a process that the probe killed at its end is chance."""
    common = max((number for number, (here, there) in enumerate(pairs)
                  if here and there and here.text == there.text and here.text != KILLED), default=-1)
    killed = [any(step is not None and step.text == KILLED for step in side) for side in zip(*pairs, strict=True)]
    return tuple(_row(pair, chance=number > common and _cut(pair, killed)) for number, pair in enumerate(pairs))


def _cut(pair: Pair, killed: Sequence[bool]) -> bool:
    """Whether one side is missing, or unfinished, because its process was killed."""
    return any(killed[side] and (step is None or step.text == KILLED or not step.returned)
               for side, step in enumerate(pair))


def _row(pair: Pair, *, chance: bool) -> TraceRow:
    here, there = pair
    return TraceRow(safe(here.text) if here else "", safe(there.text) if there else "",
                    chance or all(step is None or step.soft for step in pair))


def _place(pairs: Sequence[Pair], row: int) -> int:
    """When a row came about here; what is missing here, at the latest when the next thing came."""
    following = (here.at for here, _ in pairs[row:] if here)
    return next(following, max((here.at for here, _ in pairs if here), default=0))
