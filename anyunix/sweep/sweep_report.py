"""A sweep as a table, and as JSON."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from anyunix import __version__
from anyunix.sweep.swept import Sweep, SweepAnswer, Swept

SCHEMA = 1
CALL_WIDTH = 28
"""Characters of a call that are shown at least."""
ERROR_WIDTH = len("ECONNABORTED")
COLUMNS: tuple[SweepAnswer, ...] = ("kept", "client lost", "broken", "not reached", "not tried")


def as_json(found: Sweep) -> str:
    document = {
        "schema": SCHEMA,
        "anyunix": __version__,
        **msgspec.to_builtins(found),
        "exit_status": found.exit_status,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()


def print_sweep(console: Console, found: Sweep, repeat: str) -> None:
    """`repeat` is the command line of this sweep, to which an injection is added."""
    shown = [answer for answer in COLUMNS if found.with_answer(answer)]
    call = Column("call", no_wrap=True, overflow="ellipsis", min_width=CALL_WIDTH)
    answers = [Column(answer, min_width=ERROR_WIDTH) for answer in shown]
    table = Table(call, *answers, box=None, title=f"{found.subject} on {found.platform}", title_justify="left")
    for phase in ("starting", "serving", "ending"):
        own = [each for each in found.injections if each.phase == phase]
        if own:
            table.add_row(phase, style="bold")
        for label in dict.fromkeys(f"{each.role}: {each.text}" for each in own):
            _row(table, label, shown, [each for each in own if f"{each.role}: {each.text}" == label])
    console.print(table)
    for how, several in _by_cause(found.broken).items():
        console.print(f"\n[red]broken[/red]: {escape(how)}", soft_wrap=True)
        for each in several:
            said = f"  {each.role}: {each.text} answers {each.error} ({each.times}; {each.who}): {each.how}"
            console.print(escape(said), soft_wrap=True)
            console.print(f"    {escape(each.line)}", soft_wrap=True, style="dim")
            console.print(f"    {escape(repeat)} --injection {each.id}", soft_wrap=True, style="dim")
    reasons = Counter(each.how for each in found.with_answer("not tried"))
    for reason, times in reasons.items():
        console.print(f"not tried: {times}: {escape(reason)}", soft_wrap=True)
    if found.alike:
        console.print(
            f"left out: {len(found.alike)} calls of processes that come later, which the first one makes as well: "
            f"{escape(', '.join(found.alike))}",
            soft_wrap=True,
        )


def summary(found: Sweep) -> str:
    counts = Counter(each.answer for each in found.injections)
    said = ", ".join(f"{counts[answer]} {answer}" for answer in COLUMNS if counts[answer])
    return f"{len(found.injections)} injections: {said} ({found.seconds:.0f} s)"


def _row(table: Table, label: str, shown: Sequence[SweepAnswer], own: Sequence[Swept]) -> None:
    """The errors by what came of them; each once, though it was made several times."""
    cells = []
    for answer in shown:
        errors = dict.fromkeys(each.error for each in own if each.answer == answer)
        cells.append(escape(" ".join(errors)))
    table.add_row(f"  {escape(label)}", *cells)


def _by_cause(broken: Sequence[Swept]) -> dict[str, list[Swept]]:
    """Those that break it in the same way together."""
    found: dict[str, list[Swept]] = {}
    for each in broken:
        found.setdefault(each.how.partition(":")[0], []).append(each)
    return found
