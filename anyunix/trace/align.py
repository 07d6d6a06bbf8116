"""Two runs' steps side by side, and where they part first."""

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from anyunix.results.trace_model import ProcessTrace, Trace, TraceRow
from anyunix.text import safe
from anyunix.trace.pairing import Steps, paired
from anyunix.trace.steps import KILLED, Step

STEPS = 1500
"""Of one process that are compared at most."""
PROCESSES = 9
"""Whose rows are kept; and of those behind them the one that parts first."""
OPTION = re.compile(r"(setsockopt\([^,]+, [^,]+, [^,]+, ).*(\).*)")
UNSEEN = r"\1…\2"
"""truss shows where the value of an option is, and not the value."""
WAITED = "wait() = "
Pair = tuple[Step | None, Step | None]


def align(here: Steps, there: Steps, reference: str) -> Trace:
    """The trace of a probe. Which process parts first is judged by the order of things here.

    A process that is on one platform only parts where its parent forks it, or does not.
    """
    processes, first, earliest = [], "", -1
    here = paired(here, there)
    for role in dict.fromkeys([*there, *here]):
        pairs = list(_pairs(*_as_seen_by_both(here.get(role, ())[:STEPS], there.get(role, ())[:STEPS])))
        process = ProcessTrace(role, _rows(pairs))
        processes.append(process)
        if process.parting is not None and role in here and role in there:
            at = _place(pairs, process.parting)
            if earliest == -1 or at < earliest:
                first, earliest = role, at
    kept = [process for number, process in enumerate(processes) if number < PROCESSES or process.role == first]
    return Trace(reference, tuple(kept), first, left_out=len(processes) - len(kept))


def _as_seen_by_both(here: Sequence[Step], there: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """What one of the tracers cannot see is left out of what the other saw."""
    blind = {text for step in (*here, *there) if (text := OPTION.sub(UNSEEN, step.text)) == step.text}
    sides = [
        [replace(step, text=text) if (text := OPTION.sub(UNSEEN, step.text)) in blind else step for step in side]
        for side in (here, there)
    ]
    return sides[0], sides[1]


def _pairs(here: Sequence[Step], there: Sequence[Step]) -> Iterator[Pair]:
    matcher = SequenceMatcher(None, [_what(step) for step in here], [_what(step) for step in there], autojunk=False)
    for _, here_from, here_to, there_from, there_to in matcher.get_opcodes():
        yield from _side_by_side(list(here[here_from:here_to]), list(there[there_from:there_to]))


def _what(step: Step) -> str:
    """A child's end that is learnt, whichever child's."""
    return WAITED if step.text.startswith(WAITED) else step.text


def _side_by_side(here: list[Step], there: list[Step]) -> Iterator[Pair]:
    """What chance decides stands alone, unless both have it: it is no counterpart of anything."""
    while here or there:
        if here and there and (here[0].soft == there[0].soft or here[0].text == there[0].text):
            yield here.pop(0), there.pop(0)
        elif here and (here[0].soft or not there):
            yield here.pop(0), None
        else:
            yield None, there.pop(0)


def _rows(pairs: Sequence[Pair]) -> tuple[TraceRow, ...]:
    """What comes behind the last thing in common of a process that the probe killed at its end is chance."""
    common = max(
        (
            number
            for number, (here, there) in enumerate(pairs)
            if here and there and here.text == there.text and here.text != KILLED
        ),
        default=-1,
    )
    killed = [any(step is not None and step.text == KILLED for step in side) for side in zip(*pairs, strict=True)]
    moved = _moved(pairs)
    return tuple(_row(pair, moved, chance=number > common and _cut(pair, killed)) for number, pair in enumerate(pairs))


def _moved(pairs: Sequence[Pair]) -> Container[str]:
    """Ends of children that both learn, one sooner and one later: which of several ends first is chance."""
    alone = [pair for pair in pairs if not (pair[0] and pair[1] and pair[0].text == pair[1].text)]
    here, there = (
        (
            Counter(step.text for step in side if step and step.text.startswith(WAITED))
            for side in zip(*alone, strict=True)
        )
        if alone
        else (Counter[str](), Counter[str]())
    )
    return here & there


def _cut(pair: Pair, killed: Sequence[bool]) -> bool:
    """Whether one side is missing, or unfinished, because its process was killed."""
    return any(
        killed[side] and (step is None or step.text == KILLED or not step.returned) for side, step in enumerate(pair)
    )


def _row(pair: Pair, moved: Container[str], *, chance: bool) -> TraceRow:
    here, there = pair
    return TraceRow(
        safe(here.text) if here else "",
        safe(there.text) if there else "",
        chance or all(step is None or step.soft or step.text in moved for step in pair),
    )


def _place(pairs: Sequence[Pair], row: int) -> int:
    """When a row came about here; what is missing here, at the latest when the next thing came."""
    following = (here.at for here, _ in pairs[row:] if here)
    return next(following, max((here.at for here, _ in pairs if here), default=0))
