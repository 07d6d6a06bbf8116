"""The first story on a terminal: who is served where, the system calls side by side, the reason."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.report.traces import around
from anyunix.repro.answers import Families, Run
from anyunix.repro.ipv6_only import Ipv6OnlyResult
from anyunix.text import first_line
from anyunix.trace.align import align
from anyunix.trace.records import steps_in

WIDTH = 100
LOOPBACKS = ("127.0.0.1", "::1")


def print_families(console: Console, found: Ipv6OnlyResult) -> None:
    """Everything but the last line, which is `overall_families`."""
    width = min(WIDTH, console.width)
    if found.note:
        console.print(Text(found.note, "yellow"), soft_wrap=True)
    console.print(_served(found), width=width)
    for run in (*found.there.runs, *found.here.runs):
        if run.problem:
            console.print(Text(first_line(f"bind {run.bind}: {run.problem}"), "yellow"), width=width)
    missing = found.there.record.missing or found.here.record.missing
    if missing:
        where = found.reference if found.there.record.missing else found.platform.name
        console.print(
            Text(
                f"system calls not shown: {first_line(missing)} ({where}); install strace there to see them", "yellow"
            ),
            width=width,
        )
    else:
        console.print(_calls(found), width=width)
    for name, families in ((found.reference, found.there), (found.platform.name, found.here)):
        console.print(Text(f"{name}: {_defaults(families)}"), width=width)
    if found.reproduced and found.sentence:
        console.print(Text(first_line(found.sentence), "bold"), width=width)


def overall_families(found: Ipv6OnlyResult) -> str:
    """`anyunix: ipv6-only: reproduced on local-v6only, not on local; gone with bind ipv4, dual (2.1 s)`."""
    name, expected = found.platform.name, found.here.breeds_the_bug
    fixed = f"; gone with bind {', '.join(found.fixing)}" if found.fixing else ""
    if found.reproduced:
        also = "and on" if found.there.runs[0].refuses_ipv4_alone else "not on"
        text = f"reproduced on {name}, {also} {found.reference}{fixed}"
    elif expected:
        text = f"NOT reproduced on {name}, although IPV6_V6ONLY is 1 and :: comes first there"
    else:
        text = f"not reproduced on {name}, as was to be expected: it takes IPV6_V6ONLY=1 and :: first"
    unfixed = [run.bind for run in found.here.runs[1:] if run.bind not in found.fixing]
    if unfixed:
        text += f"; IPv4 is NOT served with bind {', '.join(unfixed)}"
    return f"anyunix: ipv6-only: {text} ({found.seconds:.1f} s)"


def _served(found: Ipv6OnlyResult) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title_justify="left",
        title=Text(f"{first_line(found.subject.title)}: who is served, by bind mode", "bold"),
    )
    for heading in ("platform", "bind", "READY", *LOOPBACKS):
        table.add_column(heading, overflow="fold")
    for name, families in ((found.reference, found.there), (found.platform.name, found.here)):
        for run in families.runs:
            bound = first_line(" ".join(run.bound))[:80] or "did not start"
            table.add_row(name, Text(first_line(run.bind)), Text(bound), *(_answer(run, host) for host in LOOPBACKS))
    return table


def _answer(run: Run, host: str) -> Text:
    said = first_line(run.answers.get(host, "–"))[:40]
    return Text(said, "green" if said == "served" else "red")


def _calls(found: Ipv6OnlyResult) -> Table:
    trace = align(steps_in(found.here.record), steps_in(found.there.record), found.reference)
    process = trace.first_process
    bind = first_line(found.here.runs[0].bind)
    where = f", in {process.role}" if process else ""
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title_justify="left",
        expand=True,
        title=Text(f"Where the system calls part, bind {bind}{where}", "bold"),
    )
    table.add_column("")
    table.add_column(found.platform.name, overflow="fold", ratio=1)
    table.add_column(found.reference, overflow="fold", ratio=1)
    for row in around(process) if process else ():
        table.add_row(
            "≠" if row.differs else "", Text(row.here), Text(row.there), style="bold yellow" if row.differs else ""
        )
    if not process:
        table.add_row("", "the same calls on both", "")
    return table


def _defaults(families: Families) -> str:
    v6only = "no IPv6" if families.v6only is None else f"IPV6_V6ONLY is {families.v6only} by default"
    return f"{v6only}, getaddrinfo(NULL, AI_PASSIVE) gives {first_line(', '.join(families.order)) or 'nothing'}"
