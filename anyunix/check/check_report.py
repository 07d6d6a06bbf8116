"""A check on the terminal, and as JSON."""

import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.check.judge import Check, Served
from anyunix.check.reach import FAMILIES, Timing

STYLES = {"answered": "green", "refused": "red", "timed out": "red", "unreachable": "red", "reset": "red"}


def print_check(console: Console, check: Check) -> None:
    """A row per address, then what they amount to."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("address", "", "connect", "one round trip", "it says"):
        table.add_column(column)
    for each in check.served:
        reach = each.reach
        why = f" ({reach.error})" if reach.error and reach.outcome not in ("refused", "timed out") else ""
        table.add_row(
            reach.address,
            Text(f"{reach.outcome}{why}", STYLES[reach.outcome]),
            _timing(reach.connect),
            _timing(each.answer.round_trip) if reach.answered else "",
            Text(_said(each)),
        )
    console.print(table)
    if check.across is not None and check.across.served:
        console.print(Text("A message from a client of each family reached a client of the other."))
    for rude in check.rude:
        after = "served" if rude.next_one.served else "NOT served"
        console.print(
            Text(f"{rude.address}: {rude.client}: {rude.became}; another client meanwhile: {after}"), soft_wrap=True
        )
    for problem in check.problems:
        console.print(Text(f"✗ {problem}", "red"), soft_wrap=True)
    console.print(Text(conclusion(check), "bold red" if check.problems else "bold green"), soft_wrap=True)


def conclusion(check: Check) -> str:
    """One sentence."""
    verb = "served" if check.proves else "let in"
    said = {
        "dual": f"clients of IPv4 and IPv6 are {verb}",
        "closed": "nobody is served",
        "ipv4": f"clients of IPv4 alone are {verb}",
        "ipv6": f"clients of IPv6 alone are {verb}",
    }[check.found]
    missing = [family for family in FAMILIES if not check.addresses(family)]
    none = f"; it has no address of {missing[0]}" if missing else ""
    return f"anyunix: {check.server}: {said}{none}"


def as_json(check: Check) -> str:
    """The same, for programs: `{"place", "found", "expected", "problems", "addresses", "bad_clients"}`."""
    return json.dumps(
        {
            "place": str(check.server),
            "found": check.found,
            "expected": check.expected,
            "proves": check.proves,
            "problems": check.problems,
            "across": check.across.served if check.across else None,
            "addresses": [
                {
                    "address": each.reach.address,
                    "family": each.reach.family,
                    "outcome": each.reach.outcome,
                    "error": each.reach.error,
                    "connect_ms": each.reach.connect.milliseconds,
                    "served": each.reach.answered and each.answer.served,
                    "said": each.answer.said,
                    "round_trip_ms": each.answer.round_trip.milliseconds,
                }
                for each in check.served
            ],
            "bad_clients": [
                {
                    "address": each.address,
                    "client": each.client,
                    "became": each.became,
                    "next_served": each.next_one.served,
                }
                for each in check.rude
            ],
        },
        indent=1,
    )


def _timing(timing: Timing) -> str:
    return str(timing) if timing.milliseconds else ""


def _said(each: Served) -> str:
    said = each.answer.said if each.reach.answered else ""
    return said if len(said) <= 40 else f"{said[:39]}…"
