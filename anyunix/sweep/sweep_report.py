"""A sweep on a terminal: the calls and what came of each answer, then what breaks the server, by weakness."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from anyunix.catalog.difference import Difference
from anyunix.sweep.swept import Sweep, SweepAnswer, Sweeps, Swept
from anyunix.sweep.weaknesses import Breaking, Weakness, weaknesses_of, who_answers

CALL_WIDTH = 28
"""Characters of a call that are shown at least."""
ERROR_WIDTH = len("ECONNABORTED")
COLUMNS: tuple[SweepAnswer, ...] = ("kept", "client lost", "broken", "flaky", "not reached", "not tried")
REST: tuple[SweepAnswer, ...] = ("flaky", "client lost", "kept", "not reached", "not tried")
"""What came of a call that breaks nothing, the worst first."""
PHASES = ("starting", "serving", "ending")


def print_sweeps(console: Console, found: Sweeps, given: Sequence[str], differences: Mapping[str, Difference]) -> None:
    """`given` is the command line of this sweep, to which a platform and an injection are added."""
    swept = [sweep for sweep in found.each if sweep.injections]
    if swept:
        table = _by_answer(swept[0]) if len(swept) == 1 else _by_platform(found, swept)
        room = console.width - (len(table.columns) - 1) * (ERROR_WIDTH + 2) - 2
        table.columns[0].max_width = max(CALL_WIDTH, room)
        console.print(table)
    for weakness in weaknesses_of(found):
        _print_weakness(console, weakness, given, differences, len(found.each))
    for weakness in weaknesses_of(found, expected=True):
        reasons = dict.fromkeys(each.swept.expected for each in weakness.found)
        console.print(Text(f"expected: {weakness.title}: {'; '.join(reasons)}", "yellow"), soft_wrap=True)
    for line in notes(found):
        console.print(Text(line), soft_wrap=True)
    for problem in found.problems:
        console.print(Text(f"expectation does not hold: {problem}", "red"), soft_wrap=True)


def unanswered(found: Sweeps) -> list[str]:
    """The platforms where nothing could be tried, or not all came back, and why."""
    return [f"{sweep.platform}: {sweep.reason}" for sweep in found.each if sweep.reason]


def notes(found: Sweeps) -> Iterator[str]:
    """What else was not tried, and why."""
    for sweep in found.each:
        place = f"{sweep.platform}: " if len(found.each) > 1 else ""
        for reason, times in Counter(each.how for each in sweep.with_answer("not tried")).items():
            yield f"{place}not tried: {times}: {reason}"
        for each in sweep.with_answer("flaky"):
            yield f"{place}flaky: {each.id}: broke once of two times: {each.how}"
        if sweep.runtime:
            which = ", ".join(sweep.runtime)
            yield f"{place}runtime: {len(sweep.runtime)} calls that are not the server's own doing, left out: {which}"
        if sweep.alike:
            which = ", ".join(sweep.alike)
            yield (
                f"{place}left out: {len(sweep.alike)} calls of threads, or of processes that come later, which others "
                f"make as well: {which}"
            )


def summary(found: Sweeps) -> str:
    """`310 injections: 280 kept, 30 broken, 2 of them expected (80 s)`"""
    counts = Counter(each.answer for each in found.injections)
    said = ", ".join(f"{counts[answer]} {answer}" for answer in COLUMNS if counts[answer])
    expected = sum(bool(each.expected) for each in found.injections)
    known = f", {expected} of what breaks it expected" if expected else ""
    seconds = sum(sweep.seconds for sweep in found.each)
    return f"{len(found.injections)} injections{f': {said}{known}' if said else ''} ({seconds:.0f} s)"


def repeat(given: Sequence[str], each: Breaking) -> str:
    """The command that makes one injection again."""
    return shlex.join([*given, "--platform", each.platforms[0], "--injection", each.swept.id])


def _print_weakness(
    console: Console, weakness: Weakness, given: Sequence[str], differences: Mapping[str, Difference], platforms: int
) -> None:
    console.print(Text.assemble("\n", ("broken", "red"), f": {weakness.title}"), soft_wrap=True)
    for sentence in who_answers(weakness, differences):
        console.print(Text(f"  {sentence}"), soft_wrap=True)
    for each in weakness.found:
        where = f" on {', '.join(each.platforms)}" if platforms > 1 else ""
        console.print(Text(f"  {each.said}{where}: {each.how}"), soft_wrap=True)
        for line in each.swept.trace or (each.swept.line,):
            console.print(Text(f"    {line}", "dim"), soft_wrap=True)
        console.print(Text(f"    {repeat(given, each)}", "dim"), soft_wrap=True)


def _by_answer(found: Sweep) -> Table:
    """The calls, and for each answer the errors that it came of."""
    shown = [answer for answer in COLUMNS if found.with_answer(answer)]
    table = _table(f"{found.subject} on {found.platform}", [Column(each, min_width=ERROR_WIDTH) for each in shown])
    for phase, label, own in rows_of(found.injections):
        _add(table, phase, label, [Text(errors_of(own, answer)) for answer in shown])
    return table


def _by_platform(found: Sweeps, swept: Sequence[Sweep]) -> Table:
    """The calls, and for each platform what breaks it."""
    table = _table(found.subject, [Column(each.platform, min_width=ERROR_WIDTH) for each in swept])
    for phase, label, own in rows_of(found.injections):
        ids = {each.id for each in own}
        there = [[each for each in sweep.injections if each.id in ids] for sweep in swept]
        _add(table, phase, label, [_cell(each) for each in there])
    return table


def _cell(own: Sequence[Swept]) -> Text:
    answer, said = told_of(own)
    return Text(said, {"broken": "red", "kept": "green"}.get(answer, ""))


def told_of(own: Sequence[Swept]) -> tuple[str, str]:
    """What came of all injections into one call: the worst answer, and that in a few words."""
    if broken := errors_of(own, "broken"):
        return "broken", broken
    there = {each.answer for each in own}
    worst = next((answer for answer in REST if answer in there), "")
    return worst, worst or "no such call"


def rows_of(injections: Sequence[Swept]) -> Iterator[tuple[str, str, list[Swept]]]:
    """Phase, call, and the injections into it; the phase only where it is another one than before."""
    for phase in PHASES:
        own = [each for each in injections if each.phase == phase]
        for number, label in enumerate(dict.fromkeys(each.label for each in own)):
            yield "" if number else phase, label, [each for each in own if each.label == label]


def errors_of(own: Sequence[Swept], answer: SweepAnswer) -> str:
    """The errors that one answer came of; each once, though it was made several times."""
    return " ".join(dict.fromkeys(each.error for each in own if each.answer == answer))


def _table(title: str, columns: Sequence[Column]) -> Table:
    call = Column("call", no_wrap=True, overflow="ellipsis", min_width=CALL_WIDTH)
    return Table(call, *columns, box=None, title=Text(title), title_justify="left")


def _add(table: Table, phase: str, label: str, cells: Sequence[Text]) -> None:
    if phase:
        table.add_row(Text(phase, "bold"))
    table.add_row(Text(f"  {label}"), *cells)
