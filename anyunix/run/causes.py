"""Causes by experiment: contracts that fail on a platform, tried again where they are kept, with differences switched
on that the platform has. All of them go on at a time, and what several of them ask for runs once.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from anyunix.analysis.candidates import candidates, likely_for
from anyunix.analysis.ddmin import Subset
from anyunix.analysis.explain import here_alone, not_started
from anyunix.analysis.trials import OutOfTime, Tally, Trial, experiment
from anyunix.catalog.difference import Difference
from anyunix.catalog.switching import CannotSwitch, experimental
from anyunix.results.cause_model import Cause
from anyunix.results.consequences import cause_of
from anyunix.results.model import PLAIN, STARTS, CellResult, Matrix, Probe
from anyunix.run.cell import Cell
from anyunix.run.rerun import REPRESENTATIVE
from anyunix.text import first_line

EXPERIMENT_SECONDS = 120
"""For all experiments of a run: on two idle cores a cause takes less than 20 s."""
CONTRACTS = 8
"""Failures of one cell that are looked into at most."""

NOT_SERVED = "NotServed"
"""The exception of suite/start_once.py: it came to listen, and its first client is not served."""

RunTimes = Callable[[Sequence[Cell], int, float], Sequence[CellResult]]
"""Runs cells, their probes so many times, for so many seconds at most; their results in the same order."""


def with_causes(
    matrix: Matrix,
    cells: Iterable[Cell],
    known: Iterable[Difference],
    run: RunTimes,
    seconds: float,
    *,
    only: tuple[str, str] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Matrix:
    """The matrix with what experiments say of contracts that fail and are kept on the reference.

    `known` are the differences there are, `seconds` the time for all of it; `only` is a cell's key and a contract's
    ID, of all others nothing is tried. What runs is no cell of the matrix.
    """
    suspects = _suspects(matrix, {cell.key: cell for cell in cells}, tuple(known), only) if seconds else []
    causes = _causes(suspects, run, clock() + seconds, clock)
    return replace(matrix, cells=tuple(_with(cell, causes) for cell in matrix.cells))


@dataclass(frozen=True)
class Suspect:
    """A contract that fails somewhere, and what may be to blame."""

    cell: str
    """The key of the cell in which it fails."""
    failing: Probe
    kept: Cell
    """The reference's cell, with nothing to run but the contract."""
    switchable: Mapping[str, Difference]
    """The candidates, by name."""
    left_out: str
    """Which candidates cannot be switched on there, and why."""

    def cell_with(self, differences: Subset) -> Cell:
        """The reference's cell with these switched on."""
        if not differences:
            return self.kept
        chosen = [self.switchable[name] for name in sorted(differences)]
        return replace(self.kept, platform=experimental(self.kept.platform, chosen))

    def answer(self, result: CellResult, times: int) -> Tally:
        """What came of the contract in a cell."""
        probe = next((each for each in result.probes if each.id in self.kept.probes), None)
        if result.status != "ran":
            return Tally(problem=first_line(result.reason))
        if probe is None:
            return Tally(problem="the subject does not build")
        if not probe.tried:
            return Tally(problem=first_line(probe.message))
        if not_started(self.failing):
            same = probe.bad and (not_started(probe) or self.failing.error == NOT_SERVED)
            return Tally(failed=times) if same else Tally(kept=times)
        if not_started(probe):
            return Tally(problem="the server does not start")
        if probe.outcome == "flaky":
            kept = probe.counts.get("passed", 0)
            return Tally(sum(probe.counts.values()) - kept, kept)
        return Tally(failed=times) if probe.bad else Tally(kept=times)

    def complete(self, cause: Cause) -> Cause:
        """With what the differences change, and what could not be tried."""
        facts = {fact: None for name in cause.differences for fact in self.switchable[name].facts}
        note = cause.note if cause.found else "; ".join(filter(None, [cause.note, self.left_out]))
        return replace(cause, facts=tuple(facts), note=note)


class _Going:
    """An experiment that is going on."""

    def __init__(self, suspect: Suspect) -> None:
        reference = suspect.kept.platform.name
        self.suspect = suspect
        self.cause = Cause(reference=reference, note=suspect.left_out)
        self.trials: Sequence[Trial] = ()
        """What it waits for; nothing when it has ended."""
        likely = likely_for(suspect.failing, suspect.switchable.values())
        self._experiment = experiment(reference, suspect.switchable, likely)
        if suspect.switchable:
            self._step(lambda: next(self._experiment))

    def go_on(self, results: Mapping[tuple[str, int], CellResult]) -> None:
        """With the results of what it waits for: cell and how often -> result."""
        answers = {
            trial.differences: self.suspect.answer(
                results[self.suspect.cell_with(trial.differences).key, trial.times], trial.times
            )
            for trial in self.trials
        }
        self._step(lambda: self._experiment.send(answers))

    def end(self) -> None:
        """There is no time left."""
        self._step(lambda: self._experiment.throw(OutOfTime()))

    def _step(self, step: Callable[[], Sequence[Trial]]) -> None:
        try:
            self.trials = step()
        except StopIteration as end:
            self.trials, self.cause = (), self.suspect.complete(end.value)


def _causes(
    suspects: Iterable[Suspect], run: RunTimes, until: float, clock: Callable[[], float]
) -> dict[tuple[str, str], Cause]:
    """Cell and contract -> what its experiment says."""
    experiments = [_Going(suspect) for suspect in suspects]
    while waiting := [each for each in experiments if each.trials]:
        if (left := until - clock()) <= 0:
            for each in waiting:
                each.end()
            break
        results = _round(waiting, run, left)
        for each in waiting:
            each.go_on(results)
    return {(each.suspect.cell, each.suspect.failing.id): each.cause for each in experiments}


def _round(waiting: Iterable[_Going], run: RunTimes, seconds: float) -> dict[tuple[str, int], CellResult]:
    """Run what they wait for, each cell once with the contracts of all."""
    wanted: dict[int, dict[str, Cell]] = {}
    for each in waiting:
        for trial in each.trials:
            cell = each.suspect.cell_with(trial.differences)
            cells = wanted.setdefault(trial.times, {})
            others = cells[cell.key].probes if cell.key in cells else ()
            cells[cell.key] = replace(cell, probes=tuple(dict.fromkeys([*others, *cell.probes])))
    return {
        (key, times): result
        for times, cells in wanted.items()
        for key, result in zip(cells, run(list(cells.values()), times, seconds), strict=True)
    }


def _suspects(
    matrix: Matrix, cells: Mapping[str, Cell], known: Sequence[Difference], only: tuple[str, str] | None
) -> list[Suspect]:
    """Of the cells whose reference is among `cells`."""
    found: list[Suspect] = []
    for cell in matrix.cells:
        here, there = matrix.platform(cell.platform), matrix.platform(matrix.reference)
        reference = matrix.reference_of(cell)
        if here is None or there is None or reference is None or reference.key not in cells:
            continue
        failing = [each for each in _failing(matrix, cell, reference) if only in (None, (cell.key, each.id))]
        wanted = candidates(here, there, known) if failing else ()
        if wanted:
            found += [_suspect(cell, each, reference, cells[reference.key], wanted) for each in failing[:CONTRACTS]]
    return found


def _failing(matrix: Matrix, cell: CellResult, reference: CellResult) -> list[Probe]:
    """The failures that can have a cause: each time, on the reference not, and not because of another one."""
    if cell.build != PLAIN:
        return []
    started = [probe for probe in cell.failures if probe.id == STARTS and reference.kept()]
    broken = [probe for probe, _ in here_alone(matrix, cell) if cause_of(cell, probe) is None]
    return [probe for probe in [*started, *broken] if probe.outcome != "flaky" and probe.again in ("", "repeated")]


def _suspect(
    cell: CellResult, failing: Probe, reference: CellResult, kept: Cell, wanted: Iterable[Difference]
) -> Suspect:
    switchable, reasons = {}, []
    for each in wanted:
        try:
            experimental(kept.platform, [each])
            switchable[each.name] = each
        except CannotSwitch as reason:
            reasons.append(f"{each.name} not tried: {reason}")
    probe = _shows_that_it_starts(reference) if failing.id == STARTS else failing.id
    return Suspect(cell.key, failing, replace(kept, probes=(probe,)), switchable, "; ".join(reasons))


def _shows_that_it_starts(reference: CellResult) -> str:
    """That is no probe of the suite: a contract that cannot be kept otherwise, and serves a client where one is."""
    kept = [probe.id for probe in reference.kept()]
    return next((probe for probe in REPRESENTATIVE if probe in kept), kept[0])


def _with(cell: CellResult, causes: Mapping[tuple[str, str], Cause]) -> CellResult:
    return replace(
        cell, probes=tuple(replace(each, cause=causes.get((cell.key, each.id), each.cause)) for each in cell.probes)
    )
