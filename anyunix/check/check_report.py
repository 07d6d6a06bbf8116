"""A check on the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.check.judge import Check, Served
from anyunix.check.name_lookups import Lookup
from anyunix.check.reach import FAMILIES, NO_TIMING, Timing
from anyunix.check.tls import Handshake
from anyunix.check.tls_remarks import days
from anyunix.report.matrix_table import natural_width

STYLES = {"answered": "green", "refused": "red", "timed out": "red", "unreachable": "red", "reset": "red"}


def print_check(console: Console, check: Check) -> None:
    """What each address does, then what that amounts to."""
    tables = (_table(check, ranges=True), _table(check, ranges=False))
    if fitting := next((each for each in tables if natural_width(console, each) <= console.width), None):
        console.print(fitting)
    else:
        for each in check.served:
            _print_stacked(console, each)
    if check.across is not None and check.across.served:
        console.print(Text("A message from a client of each family reached a client of the other."))
    for rude in check.rude:
        after = "served" if rude.next_one.served else "NOT served"
        console.print(
            Text(f"{rude.address}: {rude.client}: {rude.became}; another client meanwhile: {after}"), soft_wrap=True
        )
    for detail in _details(check):
        console.print(Text(detail), soft_wrap=True)
    for warning in check.warnings:
        console.print(Text(f"! {warning}", "yellow"), soft_wrap=True)
    for problem in check.problems:
        console.print(Text(f"✗ {problem}", "red"), soft_wrap=True)
    console.print(Text(conclusion(check), "bold red" if check.problems else "bold green"), soft_wrap=True)


def _table(check: Check, *, ranges: bool) -> Table:
    """A row per address; with `ranges`, how far its times lie apart."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("address", "", "connect", "one round trip", "it says"):
        table.add_column(column)
    for each in check.served:
        connect, round_trip = (_timing(timing, ranges=ranges) for timing in _timings(each))
        table.add_row(each.reach.address, _outcome(each), connect, round_trip, Text(_said(each)))
    return table


def _print_stacked(console: Console, each: Served) -> None:
    """An address where there is no room for a table."""
    console.print(Text.assemble(f"{each.reach.address}  ", _outcome(each)), soft_wrap=True)
    connect, round_trip = (_timing(timing, ranges=False) for timing in _timings(each))
    if connect:
        console.print(Text(f"  connect {connect}" + (f", one round trip {round_trip}" if round_trip else "")))
    if said := _said(each):
        console.print(Text(f"  it says {said}"))


def _outcome(each: Served) -> Text:
    reach = each.reach
    why = f" ({reach.error})" if reach.error and reach.outcome not in ("refused", "timed out") else ""
    return Text(f"{reach.outcome}{why}", STYLES[reach.outcome])


def conclusion(check: Check) -> str:
    """One sentence."""
    verb = "served" if check.proves else "let in"
    said = {
        "dual": f"clients of IPv4 and IPv6 are {verb}",
        "closed": "nobody is served",
        "ipv4": f"clients of IPv4 alone are {verb}",
        "ipv6": f"clients of IPv6 alone are {verb}",
        "local": f"clients of the socket are {verb}",
    }[check.found]
    missing = [family for family in FAMILIES if not check.addresses(family) and check.found != "local"]
    none = f"; it has no address of {missing[0]}" if missing else ""
    return f"anyunix: {check.server}: {said}{none}"


def _details(check: Check) -> Iterator[str]:
    """What stands below the table: names, certificates, and what a client makes of them."""
    if check.lookups:
        yield f"DNS: {'; '.join(map(_looked_up, check.lookups))}"
    for each in check.served:
        if each.handshake and not each.handshake.error:
            yield f"{each.reach.address}: {_tls(each.handshake)}"
    certificates = {
        each.handshake.certificate.sha256 for each in check.served if each.handshake and each.handshake.certificate
    }
    if len(certificates) > 1:
        yield f"The addresses have {len(certificates)} different certificates."
    if check.raced and check.lookups and len(check.served) > 1:
        yield (
            f"A Happy-Eyeballs client (RFC 8305) is connected to {check.raced.address} within "
            f"{check.raced.milliseconds:.1f} ms, as computed from these times."
        )


def _looked_up(lookup: Lookup) -> str:
    found = ", ".join(lookup.addresses) or f"{'fails' if lookup.failed else 'no address'} ({lookup.error})"
    return f"{lookup.family} {found}, {lookup.milliseconds:.1f} ms"


def _tls(handshake: Handshake) -> str:
    said = f"{handshake.version}, handshake {handshake.milliseconds:.1f} ms"
    if certificate := handshake.certificate:
        left = certificate.days_left()
        said += f", certificate until {certificate.not_after.date()}" + (f" ({days(left)} left)" if left > 0 else "")
    return said


def _timings(each: Served) -> tuple[Timing, Timing]:
    """Of connections, and of round trips."""
    return each.reach.connect, each.answer.round_trip if each.reach.answered else NO_TIMING


def _timing(timing: Timing, *, ranges: bool) -> str:
    if not timing.milliseconds:
        return ""
    return str(timing) if ranges else f"{timing.median:.1f} ms"


def _said(each: Served) -> str:
    said = each.answer.said if each.reach.answered else ""
    return said if len(said) <= 40 else f"{said[:39]}…"
