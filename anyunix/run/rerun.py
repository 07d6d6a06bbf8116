"""Probes that failed, run again under a tool that finds out why: a tracer, or a memory checker.

What they say this time is no result: a tool changes how long things take. It is evidence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from anyunix.catalog.builds import CHECKED, POISONED, SANITIZED
from anyunix.results.junit import BadResults
from anyunix.results.model import Again, Artifacts, CellResult, Matrix, Outcome, Probe
from anyunix.results.trace_model import Trace
from anyunix.run.cell import Cell
from anyunix.text import first_line
from anyunix.trace.align import align
from anyunix.trace.checker import culprit, findings
from anyunix.trace.pairing import Steps
from anyunix.trace.records import Record, read_records, steps_in

TraceMode = Literal["on-failure", "always", "never"]
TRACE_MODES: tuple[TraceMode, ...] = get_args(TraceMode)
PROBES = 8
"""Failures of one cell that are traced at most."""
REPRESENTATIVE = (
    "binding/test_any_server_contracts.py::test_a_client_on_ipv4_loopback_is_served",
    "binding/test_served_contracts.py::test_ipv4_client_is_served",
    "signals/test_any_server_contracts.py::test_it_does_what_it_promises_at[SIGTERM]",
)
"""Contracts that a memory checker looks at though they are kept: a server starts, serves and ends."""


@dataclass
class Records:
    """What the tools wrote, by cell and probe, or why there is nothing. A Keeper for run_cells."""

    found: dict[str, Mapping[str, Record]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    """Cell and probe -> what came of it under the tool."""

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        self.outcomes |= {(result.key, probe.id): probe.outcome for probe in result.probes}
        try:
            if result.status == "ran":
                self.found[result.key] = read_records(artifacts.records)
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


def with_traces(matrix: Matrix, cells: Iterable[Cell], mode: TraceMode, run_again: RunAgain) -> Matrix:
    """The matrix with the system calls of each failure beside those of the reference, where it passes."""
    wanted = _to_trace(matrix, mode)
    again = [replace(cell, probes=wanted[cell.key], tool="trace") for cell in cells if cell.key in wanted]
    records = run_again(again) if again else Records()
    return replace(
        matrix, cells=tuple(_traced(matrix, cell, wanted.get(cell.key, ()), records) for cell in matrix.cells)
    )


def with_culprits(matrix: Matrix, cells: Iterable[Cell], run_again: RunAgain) -> Matrix:
    """The matrix with what a memory checker says of poisoned builds: valgrind, else clang's.

    It looks at what fails, and at a server that starts, serves and ends: what is used before it is set need not break
    a contract to be a finding.
    """
    poisoned = {cell.key: cell for cell in matrix.cells if cell.build == POISONED.name and cell.status == "ran"}
    waiting = [replace(cell, probes=_to_check(matrix, poisoned[cell.key])) for cell in cells if cell.key in poisoned]
    said = {cell.key: Said() for cell in waiting}
    for build, tool in ((CHECKED, "memcheck"), (SANITIZED, "sanitizer")):
        again = [replace(cell, build=build, tool=tool) for cell in waiting]
        records = run_again(again) if again else Records()
        for cell, checked in zip(waiting, again, strict=True):
            said[cell.key].add(checked, records)
        waiting = [cell for cell in waiting if not said[cell.key].enough(poisoned[cell.key])]
    return replace(
        matrix, cells=tuple(said[cell.key].told(cell) if cell.key in said else cell for cell in matrix.cells)
    )


@dataclass
class Said:
    """What memory checkers said of one poisoned build."""

    culprits: dict[str, str] = field(default_factory=dict)
    """Probe -> what was used in it."""
    findings: dict[str, None] = field(default_factory=dict)
    looked: bool = False
    problems: dict[str, None] = field(default_factory=dict)
    """Why none did, the first checker's first."""

    def add(self, checked: Cell, records: Records) -> None:
        for probe in checked.probes:
            record = records.found.get(checked.key, {}).get(probe)
            if record is None or record.missing:
                none = records.problems.get(checked.key, "the server was not started under it")
                self.problems[first_line(record.missing if record else none)] = None
                continue
            self.looked = True
            text = "\n".join(record.texts)  # empty when all is well
            if found := culprit(text):
                self.culprits[probe] = first_line(found)
            self.findings |= dict.fromkeys(map(first_line, findings(text)))

    def enough(self, poisoned: CellResult) -> bool:
        """Whether no other checker has to look."""
        return self.looked and (bool(self.culprits) or not poisoned.failures)

    def told(self, cell: CellResult) -> CellResult:
        return replace(
            cell,
            findings=tuple(self.findings),
            unchecked="" if self.looked else ", ".join(self.problems),
            probes=tuple(
                replace(probe, culprit=self.culprits.get(probe.id, probe.culprit)) if probe.bad else probe
                for probe in cell.probes
            ),
        )


def _to_check(matrix: Matrix, cell: CellResult) -> tuple[str, ...]:
    """What fails, and what stands for all that does not."""
    failing = [probe.id for probe in cell.failures if probe.group != "build"][:PROBES]
    known = {text.id for text in matrix.texts}
    return tuple(dict.fromkeys([*failing, *(probe for probe in REPRESENTATIVE if probe.partition("[")[0] in known)]))


def _to_trace(matrix: Matrix, mode: TraceMode) -> dict[str, tuple[str, ...]]:
    """Cell -> the probes to run again; the reference's are those of all others."""
    wanted: dict[str, dict[str, None]] = {}
    for cell in matrix.cells if mode != "never" else ():
        reference = _reference(matrix, cell)
        if reference is None:
            continue
        passed = {probe.id for probe in reference.kept()}
        tried = cell.failures[:PROBES] if mode == "on-failure" else cell.contracts
        for probe in tried:
            if probe.id in passed and probe.tried:
                wanted.setdefault(cell.key, {})[probe.id] = None
                wanted.setdefault(reference.key, {})[probe.id] = None
    return {key: tuple(probes) for key, probes in wanted.items()}


def _reference(matrix: Matrix, cell: CellResult) -> CellResult | None:
    """The reference's cell beside this one; None for the reference itself, and for cells that did not run."""
    if cell.platform == matrix.reference or cell.status != "ran":
        return None
    return matrix.reference_of(cell)


def _traced(matrix: Matrix, cell: CellResult, probes: Sequence[str], records: Records) -> CellResult:
    reference = _reference(matrix, cell)
    if reference is None or not probes:
        return cell
    return replace(
        cell,
        probes=tuple(
            replace(
                probe, trace=_trace(cell, reference, probe.id, records), again=_again(cell, reference, probe, records)
            )
            if probe.id in probes
            else probe
            for probe in cell.probes
        ),
    )


def _again(cell: CellResult, reference: CellResult, probe: Probe, records: Records) -> Again:
    here, there = (records.outcomes.get((each.key, probe.id), "skipped") for each in (cell, reference))
    if not probe.bad or "skipped" in (here, there):
        return ""
    if here == "passed":
        return "did not repeat"
    return "repeated" if there == "passed" else "not a difference"


def _trace(cell: CellResult, reference: CellResult, probe: str, records: Records) -> Trace:
    found: list[Steps] = []
    for each in (cell, reference):
        record = records.of(each, probe)
        if isinstance(record, str):
            return Trace(reference.platform, problem=f"{each.platform}: {first_line(record)}")
        found.append(steps_in(record))
    return align(found[0], found[1], reference.platform)
