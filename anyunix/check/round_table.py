"""Many servers on the terminal: a row each, then what is wrong."""

import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.check.judge import Check
from anyunix.check.remark import Severity
from anyunix.check.rounds import Examined, Round
from anyunix.text import listed

STYLES: dict[Severity, str] = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "magenta"}
WORST: tuple[Severity, ...] = ("problem", "unknown", "warning")
MARKS: dict[Severity, str] = {"ok": "✓", "warning": "!", "problem": "✗", "unknown": "?"}


def print_round(console: Console, done: Round) -> None:
    console.print(round_table(done))
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


def round_table(done: Round) -> Table:
    """The picture: state, server, who is served, and how soon."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("server", overflow="ellipsis", no_wrap=True)
    for column in ("served", "connect", "round trip", "days left"):
        table.add_column(column, justify="left" if column == "served" else "right", no_wrap=True)
    for each in done.examined:
        style = STYLES[each.severity]
        table.add_row(Text(MARKS[each.severity], style), Text(each.asked.label), *map(Text, _cells(each)))
    return table


def summary(done: Round) -> str:
    """`anyunix: 20 servers in 5.1 s: 18 as expected, 1 warning, 1 problem`"""
    counts = {"as expected": done.count("ok"), "with a warning": done.count("warning")}
    counts |= {"with a problem": done.count("problem"), "not looked at": done.count("unknown")}
    said = listed([f"{count} {what}" for what, count in counts.items() if count])
    return f"anyunix: {len(done.examined)} servers in {done.seconds:.1f} s: {said}"


def _cells(each: Examined) -> list[str]:
    if each.check is None:
        return ["", "", "", ""]
    return [_who(each.check), _slowest(each.check, "connect"), _slowest(each.check, "answer"), _days(each.check)]


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
