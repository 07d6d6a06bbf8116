"""What comes first under a failure: its cause by experiment, and what a likeness keeps that its system breaks."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from anyunix.analysis.cause_words import cause_said
from anyunix.analysis.explain import what_fails
from anyunix.analysis.unlisted import unlisted
from anyunix.report.kinds import source
from anyunix.results.model import CellResult, Matrix, Probe
from anyunix.text import first_line


def cause_lines(matrix: Matrix, cases: Sequence[tuple[CellResult, Probe]]) -> list[str]:
    """Of one contract in all the cells in which it is not kept; with their names where it is not the same in all."""
    found: dict[str, list[str]] = {}
    for cell, probe in cases:
        for line in _lines(matrix, cell, probe):
            found.setdefault(line, []).append(cell.name)
    return [line if len(names) == len(cases) else f"{', '.join(names)}: {line}" for line, names in found.items()]


def print_why(console: Console, matrix: Matrix, cell: CellResult, probe: Probe) -> None:
    """One failure: what it is, its cause, and what facts say; a line each."""
    place = f"{source(probe)}:{probe.line} {probe.name}"
    lines = [
        f"{what_fails(probe, cell.platform)} ({cell.name}, {place})",
        *cause_lines(matrix, [(cell, probe)]),
        *([] if probe.cause else ["no experiment: no known difference of this platform may be to blame"]),
        probe.explanation,
    ]
    for line in filter(None, lines):
        console.print(Text(first_line(line)), soft_wrap=True)


def _lines(matrix: Matrix, cell: CellResult, probe: Probe) -> Iterator[str]:
    if said := cause_said(probe):
        yield said
    if missing := unlisted(matrix, cell, probe):
        yield f"{missing}."
