"""Probes that failed, run again under a tool that finds out why: a tracer, or a memory checker.

What they say this time is no result: a tool changes how long things take.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from anyunix.building import CHECKED, POISONED, SANITIZED
from anyunix.cell import Cell
from anyunix.junit import BadResults
from anyunix.results import Brought, CellResult, Matrix, Trace
from anyunix.text import first_line
from anyunix.trace.align import align
from anyunix.trace.checker import culprit
from anyunix.trace.pairing import Steps
from anyunix.trace.records import Record, read_records, steps_in

TRACE_MODES = ("on-failure", "always", "never")
PROBES = 8
"""Failures of one cell that are traced at most."""


@dataclass
class Records:
    """What the tools wrote, by cell and probe, or why there is nothing. A Keeper for run_cells."""

    found: dict[str, Mapping[str, Record]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def keep(self, result: CellResult, brought: Brought) -> None:
        try:
            if result.status == "ran":
                self.found[result.key] = read_records(brought.records)
            else:
                self.problems[result.key] = result.reason
        except BadResults as error:
            self.problems[result.key] = str(error)

    def of(self, cell: CellResult, probe: str) -> Record | str:
        """The record, or why there is none."""
        record = self.found.get(cell.key, {}).get(probe)
        if record is None:
            return self.problems.get(cell.key, "the probe did not start the server this time")
        return record.missing or (record if any(record.texts) else "the probe runs the server under a tool of its own")


RunAgain = Callable[[Sequence[Cell]], Records]
"""Runs cells and gives what their tools wrote."""


def with_traces(matrix: Matrix, cells: Iterable[Cell], mode: str, run_again: RunAgain) -> Matrix:
    """The matrix with the system calls of each failure beside those of the reference, where it passes."""
    wanted = _to_trace(matrix, mode)
    again = [replace(cell, probes=wanted[cell.key], tool="trace")
             for cell in cells if cell.key in wanted]
    records = run_again(again) if again else Records()
    return replace(matrix, cells=tuple(_traced(matrix, cell, wanted.get(cell.key, ()), records)
                                       for cell in matrix.cells))


def with_culprits(matrix: Matrix, cells: Iterable[Cell], run_again: RunAgain) -> Matrix:
    """The matrix with what a memory checker says of the failures of poisoned builds: valgrind, else clang's."""
    failing = {cell.key: tuple(probe.id for probe in cell.failures)[:PROBES]
               for cell in matrix.cells if cell.build == POISONED.name and cell.failures}
    poisoned = [cell for cell in cells if cell.key in failing]
    found: dict[tuple[str, str], str] = {}
    for build, tool in ((CHECKED, "memcheck"), (SANITIZED, "sanitizer")):
        again = [replace(cell, build=build, probes=failing[cell.key], tool=tool) for cell in poisoned]
        records = run_again(again) if again else Records()
        for cell, checked in zip(poisoned, again, strict=True):
            found |= _culprits(cell.key, checked, records)
        poisoned = [cell for cell in poisoned if not any(key == cell.key for key, _ in found)]
    return replace(matrix, cells=tuple(
        replace(cell, probes=tuple(replace(probe, culprit=found.get((cell.key, probe.id), probe.culprit))
                                   for probe in cell.probes)) for cell in matrix.cells))


def _to_trace(matrix: Matrix, mode: str) -> dict[str, tuple[str, ...]]:
    """Cell -> the probes to run again; the reference's are those of all others."""
    wanted: dict[str, dict[str, None]] = {}
    for cell in matrix.cells if mode != "never" else ():
        reference = _reference(matrix, cell)
        if reference is None:
            continue
        passed = {probe.id for probe in reference.contracts if probe.outcome == "passed"}
        tried = cell.failures[:PROBES] if mode == "on-failure" else cell.contracts
        for probe in tried:
            if probe.id in passed and probe.outcome != "skipped":
                wanted.setdefault(cell.key, {})[probe.id] = None
                wanted.setdefault(reference.key, {})[probe.id] = None
    return {key: tuple(probes) for key, probes in wanted.items()}


def _reference(matrix: Matrix, cell: CellResult) -> CellResult | None:
    """The reference's cell beside this one; None for the reference itself, and for cells that did not run."""
    if cell.platform == matrix.reference or cell.status != "ran":
        return None
    return matrix.cell(cell.subject, cell.bind, matrix.reference, cell.build)


def _traced(matrix: Matrix, cell: CellResult, probes: Sequence[str], records: Records) -> CellResult:
    reference = _reference(matrix, cell)
    if reference is None or not probes:
        return cell
    return replace(cell, probes=tuple(
        replace(probe, trace=_trace(cell, reference, probe.id, records)) if probe.id in probes else probe
        for probe in cell.probes))


def _trace(cell: CellResult, reference: CellResult, probe: str, records: Records) -> Trace:
    found: list[Steps] = []
    for each in (cell, reference):
        record = records.of(each, probe)
        if isinstance(record, str):
            return Trace(reference.platform, problem=f"{each.platform}: {first_line(record)}")
        found.append(steps_in(record))
    return align(found[0], found[1], reference.platform)


def _culprits(key: str, checked: Cell, records: Records) -> dict[tuple[str, str], str]:
    found = {}
    for probe in checked.probes:
        record = records.of(checked.result("ran"), probe)
        if isinstance(record, Record) and (text := culprit("\n".join(record.texts))):
            found[key, probe] = first_line(text)
    return found
