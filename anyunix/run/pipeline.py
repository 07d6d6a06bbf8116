"""A whole run, for the command line, a notebook or a scheduler: chosen cells in, a judged matrix out.

Every cell runs; then what could explain a failure and was left out is measured, failures run once more under the
tools that tell why, and all of it is explained and judged.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from anyunix.analysis.changes import dropped
from anyunix.analysis.expectations import Expectations, apply
from anyunix.analysis.explain import explain
from anyunix.analysis.likeness import likenesses
from anyunix.analysis.verdict import judge
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import read_probes
from anyunix.catalog.subjects import Subject
from anyunix.drivers.base import Driver
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import CellResult, Matrix
from anyunix.results.shared_facts import facts_by_platform, with_facts_of_platforms
from anyunix.run.causes import EXPERIMENT_SECONDS, with_causes
from anyunix.run.cell import SUITE_SECONDS, Cell, SuiteOptions
from anyunix.run.cell_times import keep_cell_times, read_cell_times
from anyunix.run.durations import Durations, read_durations
from anyunix.run.growing import NOT_ENDED, GrowingMatrix, MatrixKeeper
from anyunix.run.identity import check_comparable, identity_of
from anyunix.run.matrix import NOBODY, Keeper, Watcher, choose_reference, platform_result
from anyunix.run.measure import with_facts, with_lost_facts
from anyunix.run.pool import LocalPool, Pool
from anyunix.run.rerun import Records, TraceMode, with_culprits, with_traces
from anyunix.run.selection import Selection


@dataclass(frozen=True)
class RunOptions:
    """How a run is to go, the same for all of its cells."""

    expression: str = ""
    """Only probes that match, as pytest's -k; empty for all."""
    seconds: float = SUITE_SECONDS
    """For the suite in one cell."""
    repeat: int = 1
    """How often the suite runs in each cell; what does not agree is flaky."""
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Cells side by side."""
    workers: int = 0
    """Probes side by side in a cell; 0 for as many as the platform's CPUs can take."""
    durations: Path | None = None
    """The file with what probes took in earlier runs, which is read and written; None to start without."""
    cell_times: Path | None = None
    """The file with what cells took in earlier runs, which is read and written; None to start without."""
    trace: TraceMode = "on-failure"
    """Which contracts run again under a system call tracer, here and on the reference."""
    experiment_seconds: float = EXPERIMENT_SECONDS
    """For the experiments on contracts that fail; 0 for none."""
    expectations: Mapping[str, Expectations] = field(default_factory=dict)
    """Subject -> the failures that are accepted, as `load_expectations` reads them."""
    baseline: Matrix | None = None
    """An earlier run, as `read_baseline` reads it: the matrix names platforms that ran then and not now."""


def run_matrix(
    selection: Selection,
    options: RunOptions | None = None,
    *,
    watcher: Watcher = NOBODY,
    keeper: MatrixKeeper = NOBODY,
    make_driver: Callable[[Platform], Driver] | None = None,
    pool: Pool | None = None,
) -> Matrix:
    """Run, explain and judge the cells of a selection.

    `watcher` is told what goes on, `keeper` has what cells bring back and the matrix so far; `make_driver` makes the
    driver for one cell, instead of the one for its platform; `pool`, which the caller has entered, is where cells run,
    instead of this process. What a platform or a subject does is in the matrix;
    raises ConfigurationError for what a user wrote. On KeyboardInterrupt all platforms are taken down first.
    """
    options = options or RunOptions()
    if pool is not None:
        return _run_in(pool, selection, options, watcher, keeper)
    with LocalPool(options.jobs, make_driver, times=read_cell_times(options.cell_times)) as own:
        return _run_in(own, selection, options, watcher, keeper)


def _run_in(pool: Pool, selection: Selection, options: RunOptions, watcher: Watcher, keeper: MatrixKeeper) -> Matrix:
    selection = _suited(selection, pool)
    suite = SuiteOptions(
        selection.catalog.suite,
        options.expression,
        options.seconds,
        options.repeat,
        durations=read_durations(options.durations) if options.durations else Durations(),
        workers=options.workers,
    )
    begun = time.monotonic()

    def run(cells: Sequence[Cell], how: SuiteOptions, keeper: Keeper) -> list[CellResult]:
        return pool.run(cells, how, watcher=watcher, keeper=keeper)

    def measure(cells: Sequence[Cell], keeper: Keeper = NOBODY) -> list[CellResult]:
        return run(cells, replace(suite, expression="", repeat=1), keeper)

    def try_out(cells: Sequence[Cell], times: int, seconds: float) -> list[CellResult]:
        how = replace(suite, expression="", repeat=times, seconds=min(suite.seconds, max(seconds, 1.0)))
        return run(cells, how, NOBODY)

    def run_again(cells: Sequence[Cell]) -> Records:
        records = Records()
        measure(cells, records)
        return records

    with suite.cross_builds:
        frame = _frame(selection, suite)

        def matrix_of(results: Sequence[CellResult]) -> Matrix:
            return _filled(frame, selection, results)

        growing = GrowingMatrix(keeper, [cell.result("not-run", NOT_ENDED) for cell in selection.cells], matrix_of)
        growing.begin()
        results = run(selection.cells, suite, growing)
        if options.cell_times and not options.expression:
            keep_cell_times(options.cell_times, results, options.repeat)
        matrix = matrix_of(with_lost_facts(results, selection.cells, suite, measure))
        matrix = with_facts(matrix, selection.cells, suite.suite, measure)
        matrix = with_traces(matrix, selection.cells, options.trace, run_again)
        matrix = with_causes(
            matrix, selection.cells, selection.catalog.differences, try_out, options.experiment_seconds
        )
        matrix = with_culprits(matrix, selection.cells, run_again)
    if options.durations:
        suite.durations.save(options.durations)
    matrix = replace(matrix, seconds=time.monotonic() - begun, workers=pool.workers)
    return judged(matrix, selection.catalog, options.expectations, options.baseline)


def _suited(selection: Selection, pool: Pool) -> Selection:
    platforms = {each.name: pool.suited(each) for each in selection.platforms}
    return replace(
        selection,
        platforms=tuple(platforms.values()),
        cells=tuple(replace(cell, platform=platforms[cell.platform.name]) for cell in selection.cells),
    )


def judged(
    matrix: Matrix, catalog: Catalog, expectations: Mapping[str, Expectations], baseline: Matrix | None = None
) -> Matrix:
    """The matrix with what explains its failures, which of them are accepted, who dropped out, and the verdicts."""
    matrix = explain(replace(matrix, likenesses=likenesses(matrix, catalog.known_system)))
    if baseline is not None:
        matrix = replace(matrix, dropped=dropped(baseline, matrix))
    today = datetime.now(timezone.utc).date()
    return judge(apply(matrix, expectations, today=today, known_platforms=_known_platforms(catalog)))


def _known_platforms(catalog: Catalog) -> list[str]:
    return [*catalog.platform_names(), *catalog.likeness_names()]


def read_baseline(path: Path, catalog: Catalog, subjects: Sequence[Subject]) -> Matrix:
    """An earlier run's matrix, from its folder or file. Raises ConfigurationError for one that cannot be compared."""
    baseline = read_matrix(path)
    check_comparable((str(path), baseline.identity), ("this run", identity_of(catalog.suite, subjects)))
    return baseline


def _frame(selection: Selection, suite: SuiteOptions) -> Matrix:
    """What the matrix says before any cell has run. Raises ConfigurationError."""
    return Matrix(
        platforms=(),
        cells=(),
        reference=selection.reference,
        required=selection.required,
        texts=tuple(read_probes(suite.suite)),
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        identity=identity_of(suite.suite, selection.subjects),
        shard=selection.shard,
        part=_part(selection, suite),
    )


def _filled(frame: Matrix, selection: Selection, results: Sequence[CellResult]) -> Matrix:
    facts = facts_by_platform(results)
    return replace(
        frame,
        platforms=tuple(
            replace(platform_result(platform, results), probes=facts.get(platform.name, ()))
            for platform in selection.platforms
        ),
        cells=with_facts_of_platforms(results, facts),
        reference=choose_reference(selection.reference, results),
    )


def _part(selection: Selection, suite: SuiteOptions) -> str:
    """`23 of 286 probes, --subject c, -k binding`; empty for a whole run. Raises ConfigurationError."""
    if not suite.expression:
        return selection.part
    some, every = len(suite.plans.begin(suite.suite, suite.expression).result()), suite.plans.size(suite.suite)
    expression = repr(suite.expression) if " " in suite.expression else suite.expression
    return ", ".join(filter(None, [f"{some} of {every} probes", selection.part, f"-k {expression}"]))
