"""Many servers on the terminal: a row each, then what is wrong."""

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.check.judge import Check
from anyunix.check.remark import Severity
from anyunix.check.rounds import Round
from anyunix.report.matrix_table import natural_width
from anyunix.text import listed

STYLES: dict[Severity, str] = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "magenta"}
WORST: tuple[Severity, ...] = ("problem", "unknown", "warning")
LAYOUTS = (
    ("served", "connect", "round trip", "days left"),
    ("served", "round trip", "days left"),
    ("served", "days left"),
    ("served",),
)
"""Columns behind the server's, from the widest table to the narrowest."""
MARKS: dict[Severity, str] = {"ok": "✓", "warning": "!", "problem": "✗", "unknown": "?"}


def print_round(console: Console, done: Round) -> None:
    console.print(round_table(console, done))
    for line in remark_lines(done):
        console.print(line, soft_wrap=True)
    worst: Severity = next((each for each in WORST if done.count(each)), "ok")
    console.print(Text(summary(done), f"bold {STYLES[worst]}"), soft_wrap=True)


def remark_lines(done: Round) -> list[Text]:
    """What is wrong, a line each."""
    return [
        Text(f"{MARKS[remark.severity]} {each.asked.label}: {remark.text}", STYLES[remark.severity])
        for each in done.examined
        for remark in each.remarks
    ]


def round_table(console: Console, done: Round) -> Table:
    """The picture: state, server, who is served, and how soon. Where it is too wide, what says least goes first."""
    told = {column for each in done.examined if each.check for column, text in _cells(each.check).items() if text}
    tables = [_table(done, [column for column in columns if column in told]) for columns in LAYOUTS]
    return next((each for each in tables if natural_width(console, each) <= console.width), tables[-1])


def _table(done: Round, columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("server", overflow="fold")
    for column in columns:
        table.add_column(column, justify="left" if column == "served" else "right", no_wrap=True)
    for each in done.examined:
        cells = _cells(each.check) if each.check else {}
        named = (Text(MARKS[each.severity], STYLES[each.severity]), Text(each.asked.label))
        table.add_row(*named, *(cells.get(column, "") for column in columns))
    return table


def summary(done: Round) -> str:
    """`anyunix: 20 servers in 5.1 s: 18 as expected, 1 warning, 1 problem`"""
    counts = {"as expected": done.count("ok"), "with a warning": done.count("warning")}
    counts |= {"with a problem": done.count("problem"), "not looked at": done.count("unknown")}
    said = listed([f"{count} {what}" for what, count in counts.items() if count])
    return f"anyunix: {len(done.examined)} servers in {done.seconds:.1f} s: {said}"


def _cells(check: Check) -> dict[str, str]:
    """Column -> what stands there."""
    return {
        "served": _who(check),
        "connect": _slowest(check, "connect"),
        "round trip": _slowest(check, "answer"),
        "days left": _days(check),
    }


def _who(check: Check) -> str:
    return {"dual": "IPv4, IPv6", "ipv4": "IPv4", "ipv6": "IPv6", "local": "local", "closed": "nobody"}[check.found]


def _slowest(check: Check, what: str) -> str:
    """The median of the slowest address."""
    found = [each.reach.connect if what == "connect" else each.answer.round_trip for each in check.served]
    medians = [timing.median for timing in found if timing.milliseconds]
    return f"{max(medians):.1f} ms" if medians else ""


def _days(check: Check) -> str:
    left = check.fewest_days_left
    return "" if left is None else str(math.floor(left))
