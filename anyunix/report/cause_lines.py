"""What comes first under a failure: its cause by experiment, and what a likeness keeps that its system breaks."""

from collections.abc import Iterator, Sequence

from anyunix.analysis.cause_words import cause_said
from anyunix.analysis.unlisted import unlisted
from anyunix.results.model import CellResult, Matrix, Probe


def cause_lines(matrix: Matrix, cases: Sequence[tuple[CellResult, Probe]]) -> list[str]:
    """Of one contract in all the cells in which it is not kept; with their names where it is not the same in all."""
    found: dict[str, list[str]] = {}
    for cell, probe in cases:
        for line in _lines(matrix, cell, probe):
            found.setdefault(line, []).append(cell.name)
    return [line if len(names) == len(cases) else f"{', '.join(names)}: {line}" for line, names in found.items()]


def _lines(matrix: Matrix, cell: CellResult, probe: Probe) -> Iterator[str]:
    if said := cause_said(probe):
        yield said
    if missing := unlisted(matrix, cell, probe):
        yield f"{missing}."
