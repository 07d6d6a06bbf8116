"""Facts on a terminal: all of them side by side, or what differs. What was not measured never looks like a result."""

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from anyunix.analysis.compare import (
    Contradiction,
    FactDifference,
    by_value,
    compare,
    contradictions,
    differences,
    shown,
)
from anyunix.analysis.compare import documented as documented_differences
from anyunix.results.model import Matrix
from anyunix.text import safe

WIDTH = 100
NAME_WIDTH, VALUE_WIDTH = 34, 16
"""Columns: as wide as a fact's name is shown unwrapped, as narrow as a value is readable."""
UNSTABLE, DOCUMENTED = "yellow", "italic cyan"


def print_facts(console: Console, matrix: Matrix) -> None:
    """Every fact of the matrix's platforms, one table per area; the platforms in several tables if they are many."""
    facts = compare(matrix)
    columns = [platform.name for platform in matrix.platforms if platform.status == "ran" or platform.documented]
    columns.sort(key=lambda name: name != matrix.reference)
    for area, several in _by_area(facts):
        for some in _chunks(columns, max(1, (_width(console) - NAME_WIDTH) // VALUE_WIDTH)):
            present = [fact for fact in several if any(_cell(fact, name).plain for name in some)]
            if present:
                console.print(_table(area, present, some), width=_width(console))
    _print_legend(console, facts)
    _print_contradictions(console, contradictions(matrix))


def print_differences(console: Console, matrix: Matrix) -> None:
    """What platforms measured otherwise than the reference, then what is only documented, then contradictions."""
    found = differences(matrix)
    _line(console, Text(f"Facts that differ from {safe(matrix.reference)} or are unstable: {len(found)}", "bold"))
    _print_blocks(console, found)
    told = documented_differences(matrix)
    if told:
        _line(
            console,
            Text(
                f"\nNot measured; by their manuals platforms that did not run "
                f"differ from {safe(matrix.reference)}: {len(told)}",
                "bold",
            ),
        )
        _print_documented(console, told)
    _print_contradictions(console, contradictions(matrix))


def _table(area: str, facts: Iterable[FactDifference], columns: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=safe(area), title_justify="left", title_style="bold")
    table.add_column("fact", overflow="fold", max_width=NAME_WIDTH)
    for name in columns:
        table.add_column(Text(safe(name)), overflow="fold")
    for fact in facts:
        table.add_row(Text(safe(fact.name.partition(".")[2] or fact.name)), *(_cell(fact, name) for name in columns))
    return table


def _cell(fact: FactDifference, platform: str) -> Text:
    if platform in fact.values:
        return Text(safe(shown(fact.values[platform])), "bold" if platform in fact.differing else "")
    if platform in fact.unstable:
        return Text(_varied(fact.unstable[platform]), UNSTABLE)
    if platform in fact.documented:
        return Text(f"({safe(shown(fact.documented[platform].value))})", DOCUMENTED)
    return Text("–", "dim") if platform in fact.missing else Text("")


def _print_blocks(console: Console, facts: Iterable[FactDifference]) -> None:
    """A block a probe: what it asks, its facts with their values, its rule and source."""
    area = ""
    for probe, several in _by_probe(facts):
        if several[0].area != area:
            area = several[0].area
            _line(console, Text(f"\n{safe(area)}", "bold underline"))
        if several[0].behaviour:
            _line(console, Text(safe(several[0].behaviour)))
        for fact in several:
            _line(console, Text(f"  {safe(fact.name)}", "bold"))
            for value, names in by_value(fact.values):
                _value(console, value, ", ".join(names), "")
            for name, values in fact.unstable.items():
                _value(console, _varied(values), f"{name}, not a result", UNSTABLE)
            for name, entry in fact.documented.items():
                _value(console, shown(entry.value), f"{name}, not measured: {entry.source}", DOCUMENTED)
        if several[0].rule:
            _indented(console, Text(safe(" ".join(several[0].rule.split())), "dim"))
        if probe:
            _line(console, Text(f"  suite/{safe(probe)}", "dim"))


def _print_documented(console: Console, facts: Iterable[FactDifference]) -> None:
    for fact in facts:
        _line(console, Text(f"  {safe(fact.name)}", "bold"))
        _value(console, shown(fact.values[fact.base]), f"{fact.base}, measured", "")
        for name in fact.documented_to_differ:
            entry = fact.documented[name]
            _value(console, shown(entry.value), f"{name}: {entry.source}", DOCUMENTED)


def _print_contradictions(console: Console, found: Sequence[Contradiction]) -> None:
    if found:
        _line(console, Text("\nThe measurement contradicts the manual", "bold red"))
    for case in found:
        _line(console, Text(f"  {safe(case.name)} on {safe(case.platform)}", "bold"))
        _value(console, shown(case.measured), "measured", "")
        _value(console, shown(case.documented.value), f"by {case.documented.source}", DOCUMENTED)


def _print_legend(console: Console, facts: Iterable[FactDifference]) -> None:
    """What the styles mean, and the sources of what was not measured."""
    told: dict[str, list[str]] = {}
    for fact in facts:
        for entry in fact.documented.values():
            told.setdefault(entry.source, []).append(fact.name)
    if told:
        _line(console, Text("In parentheses: not measured, but documented", DOCUMENTED))
    for source, names in told.items():
        _indented(console, Text(f"{safe(source)} ({safe(', '.join(names))})", DOCUMENTED))
    if any(fact.unstable for fact in facts):
        _line(console, Text("unstable: varied between repeats or cells on one platform, so not a result", UNSTABLE))


def _varied(values: Iterable[object]) -> str:
    return safe(f"unstable: {' or '.join(map(shown, values))}")


def _value(console: Console, value: str, who: str, style: str) -> None:
    """A value and its owners in two columns; both wrap within their own."""
    grid = Table.grid(padding=(0, 2), pad_edge=False)
    grid.add_column(max_width=WIDTH // 2, overflow="fold")
    grid.add_column(overflow="fold")
    grid.add_row(Text(safe(value), style), Text(safe(who), style))
    console.print(Padding(grid, (0, 0, 0, 4), expand=False), width=_width(console))


def _indented(console: Console, text: Text) -> None:
    console.print(Padding(text, (0, 0, 0, 2), expand=False), width=_width(console))


def _line(console: Console, text: Text) -> None:
    console.print(text, width=_width(console))


def _width(console: Console) -> int:
    return min(WIDTH, console.width)


def _by_area(facts: Iterable[FactDifference]) -> list[tuple[str, list[FactDifference]]]:
    found: dict[str, list[FactDifference]] = {}
    for fact in facts:
        found.setdefault(fact.area, []).append(fact)
    return list(found.items())


def _by_probe(facts: Iterable[FactDifference]) -> list[tuple[str, list[FactDifference]]]:
    """A probe may record facts of several areas: each area has its own block."""
    found: dict[tuple[str, str], list[FactDifference]] = {}
    for fact in facts:
        found.setdefault((fact.area, fact.probe), []).append(fact)
    return [(probe, several) for (_, probe), several in found.items()]


def _chunks(names: Sequence[str], size: int) -> list[Sequence[str]]:
    """At most `size` columns a table; the first, the reference, is in all of them, or nobody could compare."""
    if len(names) <= size or size < 2:
        return [names]
    rest = names[1:]
    return [[names[0], *rest[start : start + size - 1]] for start in range(0, len(rest), size - 1)]
