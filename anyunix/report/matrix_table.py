"""The matrix on a terminal: a row a cell. Where it is too wide, what says least goes first, and nothing is cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.report.kinds import groups_of
from anyunix.results.model import GROUPS, PLAIN, CellResult, Matrix


@dataclass(frozen=True)
class Layout:
    """What the table has."""

    also: tuple[str, ...] = ("left out", "facts", "time")
    """Columns behind those of the groups."""
    folded: bool = True
    """A heading of two words is on two lines."""
    stacked: bool = False
    """Subject and bind mode stand under their platform."""
    summed: bool = False
    """One column for all groups of contracts."""


LAYOUTS = (
    Layout(folded=False),
    Layout(),
    Layout(("left out", "facts")),
    Layout(("left out",)),
    Layout(stacked=True),
    Layout(("left out",), stacked=True),
    Layout(("left out",), summed=True),
    Layout(("left out",), summed=True, stacked=True),
    Layout((), summed=True, stacked=True),
)
"""From the widest to the narrowest: how much was left out is told as long as there is room, as what was tried rests on
it.
"""
UNLIMITED = 10_000
"""Columns."""


def matrix_table(console: Console, matrix: Matrix, width: int) -> Table:
    """The widest that fits, or the narrowest that there is."""
    for layout in LAYOUTS:
        if natural_width(console, _table(matrix, layout)) <= width:
            return _table(matrix, layout)
    return _table(matrix, LAYOUTS[-1])


def natural_width(console: Console, table: Table) -> int:
    """Where it has all the room that it wants. What rich measures leaves out some of the padding."""
    lines = console.render_lines(table, console.options.update(width=UNLIMITED), pad=False)
    return max(sum(segment.cell_length for segment in line) for line in lines)


def _table(matrix: Matrix, layout: Layout) -> Table:
    title = f"Contracts kept / tried{'' if layout.summed else ', by probe group'} (reference: {matrix.reference})"
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title=title, title_justify="left", title_style="bold"
    )
    for heading in ("platform",) if layout.stacked else ("platform", "subject", "bind"):
        table.add_column(heading, no_wrap=True)
    groups = _groups(matrix)
    for heading in (*(("contracts",) if layout.summed else groups), *layout.also):
        table.add_column(heading.replace(" ", "\n" if layout.folded else " "), justify="right", no_wrap=True)
    for cell in matrix.cells:
        if cell.status != "not-run":  # those have a line each reason, below
            table.add_row(*_names(cell, layout), *_columns(cell, ("",) if layout.summed else groups, layout))
    return table


def _groups(matrix: Matrix) -> tuple[str, ...]:
    tried = groups_of(matrix)
    return tuple(dict.fromkeys([*GROUPS, *tried] if not tried or {*tried} & {*GROUPS} else tried))


def _names(cell: CellResult, layout: Layout) -> list[str]:
    subject = cell.subject if cell.build == PLAIN else f"{cell.subject} {cell.build}"
    return [f"{cell.platform}\n  {subject} {cell.bind}"] if layout.stacked else [cell.platform, subject, cell.bind]


def _columns(cell: CellResult, groups: Sequence[str], layout: Layout) -> Iterator[Text]:
    broken = "ERROR" if cell.status == "error" else ""
    if not broken and any(probe.group == "build" for probe in cell.failures):
        broken = "no build"
    if broken:
        yield Text(broken, "bold yellow" if broken == "ERROR" else "bold red")
    nothing = Text("–", "dim")
    yield from ([nothing] * (len(groups) - 1) if broken else (_group(cell, group) for group in groups))
    values = {
        "left out": nothing if broken else Text(str(cell.left_out or "–"), "dim"),
        "facts": nothing if broken else Text(str(len(cell.facts))),
        "time": Text(f"{cell.seconds:.0f} s", "dim"),
    }
    yield from (values[each] for each in layout.also)


def _group(cell: CellResult, group: str) -> Text:
    """Of one group; with an empty name, of all."""
    kept, tried = len(cell.kept(group)), len(cell.tried(group))
    if not tried:
        return Text("–", "dim")
    return Text(f"{kept}/{tried}{'' if kept == tried else ' ✗'}", "green" if kept == tried else "bold red")
