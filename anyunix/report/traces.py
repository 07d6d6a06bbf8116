"""Where two platforms' system calls part, with what stands around it: the same words in every report."""

from collections.abc import Iterator, Sequence

from anyunix.results.model import CellResult, Matrix, Probe
from anyunix.results.trace_model import ProcessTrace, TraceRow
from anyunix.text import first_line

CONTEXT = 3
"""Rows shown before and behind the one in which the two part."""
COLUMN = 46
"""Characters of one side."""
SEEN = 16
"""Characters that are shown, at least, of a part that differs, with what stands before it."""


def around(process: ProcessTrace) -> tuple[TraceRow, ...]:
    """The row in which the two part, and CONTEXT rows on each side of it."""
    parting = process.parting or 0
    return process.rows[max(0, parting - CONTEXT) : parting + CONTEXT + 1]


def excerpt(cell: CellResult, probe: Probe) -> list[str]:
    """A failure's first divergence in lines of at most 100 characters, or why there is none; nothing untraced."""
    trace = probe.trace
    if trace is None or probe.again == "did not repeat":  # they are no failure's
        return []
    process = trace.first_process
    if trace.problem or process is None:
        return [
            f"system calls not compared: {first_line(trace.problem)}"
            if trace.problem
            else f"system calls: the same on {trace.reference}, but for what chance decides"
        ]
    return [f"system calls part first in {process.role}:", *_table((cell.platform, trace.reference), around(process))]


def second_tries(cases: Sequence[tuple[CellResult, Probe]]) -> list[str]:
    """What came of a contract's failures under a tracer, where that speaks against a difference of platforms."""
    return list(filter(None, (second_try(cell.name, probe) for cell, probe in cases)))


def second_try(name: str, probe: Probe) -> str:
    """Of one failure, in the cell `name`; empty where it failed again, and on the reference did not."""
    if probe.trace is None:
        return ""
    how = "run again" if probe.trace.problem else "run again under a tracer, which changes timing,"
    if probe.again == "did not repeat":
        return f"did not repeat: {how} it passed on {name}"
    if probe.again == "not a difference":
        return f"perhaps not a difference: {how} it failed on {name} and on {probe.trace.reference} too"
    return ""


def culprits(cases: Sequence[tuple[CellResult, Probe]]) -> list[str]:
    """What memory checkers say of a contract's failures, each once."""
    return list(dict.fromkeys(first_line(probe.culprit) for _, probe in cases if probe.culprit))


def findings(matrix: Matrix) -> list[str]:
    """What memory checkers found in poisoned builds, each once with the cells, and where none could look."""
    found: dict[str, list[str]] = {}
    for cell in matrix.cells:
        for text in cell.findings:
            found.setdefault(f"used before it is set: {first_line(text)}", []).append(cell.name)
        if cell.unchecked:
            found.setdefault(f"no memory checker looked: {first_line(cell.unchecked)}", []).append(cell.name)
    return [f"{text} ({', '.join(names)})" for text, names in found.items()]


def _table(heads: tuple[str, str], rows: Sequence[TraceRow]) -> Iterator[str]:
    yield f"  {_cut(first_line(heads[0])).ljust(COLUMN)}  {_cut(first_line(heads[1]))}".rstrip()
    for row in rows:
        here, there = _sides(row)
        yield f"{'≠' if row.differs else ' '} {_cut(here).ljust(COLUMN)}  {_cut(there)}".rstrip()


def _sides(row: TraceRow) -> tuple[str, str]:
    """Both sides; where a column would end before they differ, the call and what stands around the difference."""
    here, there = map(first_line, (row.here, row.there))
    alike = next(
        (place for place, (one, other) in enumerate(zip(here, there, strict=False)) if one != other),
        min(len(here), len(there)),
    )
    longest = max(len(here), len(there))
    if not row.differs or longest <= COLUMN or alike <= COLUMN - SEEN:
        return here, there
    call = here[: here.find("(", 0, alike) + 1]
    start = max(len(call), min(alike - SEEN // 2, longest - COLUMN + len(call) + 1))
    return f"{call}…{here[start:]}", f"{call}…{there[start:]}"


def _cut(text: str) -> str:
    return text if len(text) <= COLUMN else text[: COLUMN - 1] + "…"
