"""Mutation testing from chosen faults to typed results: mutants made, run on every platform, and judged."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from rich.console import Console

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import measured_by
from anyunix.catalog.subjects import Subject
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError
from anyunix.host.scratch import scratch
from anyunix.mutation.batch import Batch
from anyunix.mutation.counter import CellCounter, CountingWatcher
from anyunix.mutation.faults import Fault
from anyunix.mutation.findings import MutationResults
from anyunix.mutation.mutation_files import encode, render
from anyunix.mutation.scoring import Planned, judge, plan
from anyunix.mutation.stored_healthy import StoredHealthy, read_healthy
from anyunix.report.out_folder import OutFolder
from anyunix.results.model import Artifacts, CellResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.journal_key import JournalKeys
from anyunix.run.matrix import Keeper
from anyunix.run.planned import only
from anyunix.run.pool import Pool
from anyunix.run.run_journal import RunJournal
from anyunix.run.side_by_side import DriversInUse, side_by_side
from anyunix.text import nearest


@dataclass(frozen=True)
class MutationOptions:
    """What is tested, and how."""

    faults: tuple[Fault, ...]
    subjects: tuple[Subject, ...]
    platforms: tuple[Platform, ...]
    required: tuple[str, ...]
    """Names of platforms that have to run."""
    jobs: int
    """Cells side by side, on all platforms together."""
    repeat: int
    healthy: Path | None = None
    """A run that has results of the healthy servers, and the platforms' facts."""


def choose_subjects(catalog: Catalog, faults: Sequence[Fault], wanted: Sequence[str]) -> tuple[Subject, ...]:
    """The named subjects that faults are written for; all of them without a name. Raises ConfigurationError."""
    known = catalog.subject_names()
    for name in wanted:
        if name not in known:
            raise ConfigurationError(
                f"--subject {name}: faults are written for {' and '.join(known)}{nearest(name, known)}"
            )
    chosen = [name for name in wanted or known if any(name in fault.mutations for fault in faults)]
    if not chosen:
        raise ConfigurationError(
            f"no fault of {', '.join(fault.name for fault in faults)} is one for "
            f"{' and '.join(wanted)}; `anyunix mutation --list` shows which is for which"
        )
    return tuple(map(catalog.subject, chosen))


def run_mutation(
    options: MutationOptions,
    suite: Path,
    console: Console,
    out: OutFolder,
    journal: RunJournal,
    cluster: Pool | None = None,
) -> MutationResults:
    """Test, and write mutation.json, mutation.md and the cells' results; what is in the journal is not tested again.
    Cells run on the `cluster`, which the caller has entered, else here.

    Raises ConfigurationError.
    """
    if cluster is not None:
        options = replace(options, platforms=tuple(map(cluster.suited, options.platforms)))
    started, begun = datetime.now(timezone.utc), time.monotonic()
    stored = read_healthy(options.healthy, suite, options.subjects) if options.healthy else None
    with scratch() as folder:
        facts = measured_by(suite)
        planned = plan(options.faults, options.subjects, options.platforms, facts, folder)
        suite_options = SuiteOptions(suite, repeat=options.repeat)
        known = _known(planned, stored, facts, suite_options) if stored else {}
        if stored:
            console.print(f"{len(known)} results of healthy servers are taken from {options.healthy}", soft_wrap=True)
        rest = [number for number in range(len(planned)) if number not in known]
        ran = _run_missing(
            [planned[number].cell for number in rest],
            lambda cells, keeper: (
                _run(cells, options, suite_options, console, keeper)
                if cluster is None
                else _run_on(cluster, cells, suite_options, console, keeper)
            ),
            suite_options,
            out,
            journal,
        )
        results = known | dict(zip(rest, ran, strict=True))
        findings, healthy = judge(
            planned, [results[number] for number in range(len(planned))], stored.facts if stored else {}
        )
    tested = MutationResults(
        options.faults,
        tuple(subject.name for subject in options.subjects),
        tuple(platform.name for platform in options.platforms),
        tuple(findings),
        tuple(healthy),
        options.required,
        options.repeat,
        started.isoformat(timespec="seconds"),
        time.monotonic() - begun,
    )
    out.write_file(out.path / "mutation.json", lambda: encode(tested))
    out.write_file(out.path / "mutation.md", lambda: render(tested).encode())
    return tested


def _known(
    planned: Sequence[Planned], stored: StoredHealthy, facts: Mapping[str, str], suite: SuiteOptions
) -> dict[int, CellResult]:
    """The results of healthy servers that an earlier run has, by their number. Raises ConfigurationError."""
    collected = suite.plans.begin(suite.suite, suite.expression).result()
    return {
        number: result
        for number, each in enumerate(planned)
        if each.fault is None and (result := stored.result(each.cell, only(collected, each.cell.probes), facts))
    }


@dataclass(frozen=True)
class _BatchScribe:
    """Keeps what cells bring back, and writes each result down. A Keeper for batches."""

    out: OutFolder
    journal: RunJournal
    keys: Mapping[str, str]
    """Of a cell -> of its result in the journal."""
    in_use: DriversInUse

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        if self.in_use.over:  # a build that was ended looks like one that failed
            return
        self.out.keep(result, artifacts)
        self.journal.add(self.keys[result.key], result, artifacts)


def _run_missing(
    cells: Sequence[Cell],
    run: Callable[[Sequence[Cell], _BatchScribe], list[CellResult]],
    suite: SuiteOptions,
    out: OutFolder,
    journal: RunJournal,
) -> list[CellResult]:
    """The result of each cell, in the same order: from the journal, where that has it, else from `run`."""
    keys = JournalKeys().of(cells, suite)
    found = {number: journal.known(keys[number], cell.id) for number, cell in enumerate(cells)}
    results = {number: known[0] for number, known in found.items() if known}
    for known in found.values():
        if known:
            out.keep(*known)
    missing = {number: cell for number, cell in enumerate(cells) if number not in results}
    in_use = DriversInUse(Drivers().for_platform)
    scribe = _BatchScribe(out, journal, {cell.key: key for cell, key in zip(cells, keys, strict=True)}, in_use)
    ran = run(list(missing.values()), scribe)
    results |= dict(zip(missing, ran, strict=True))
    return [results[number] for number in range(len(cells))]


def _run_on(
    cluster: Pool, cells: Sequence[Cell], suite: SuiteOptions, console: Console, keeper: Keeper
) -> list[CellResult]:
    """The result of each cell, in the same order. Each is one of its own there, as workers have nothing in common."""
    with suite.cross_builds, CellCounter(console, len(cells)) as counter:
        return cluster.run(cells, suite, watcher=CountingWatcher(counter), keeper=keeper)


def _run(
    cells: Sequence[Cell], options: MutationOptions, suite: SuiteOptions, console: Console, scribe: _BatchScribe
) -> list[CellResult]:
    """The result of each cell, in the same order. Platforms run side by side, and cells on each of them."""
    platforms = {cell.platform.name: cell.platform for cell in cells}
    at_once = max(1, min(options.jobs, len(platforms)))
    turns = max(1, options.jobs // at_once)
    originals = {subject.name: subject for subject in options.subjects}
    in_use = scribe.in_use
    results: dict[int, CellResult] = {}

    def run(platform: Platform) -> None:
        own = {number: cell for number, cell in enumerate(cells) if cell.platform.name == platform.name}
        driver = in_use.make(platform.name, platform)
        if driver is not None:  # else it is over
            batch = Batch(platform, tuple(own.values()), originals, driver, suite, turns, counter, scribe)
            results.update(zip(own, batch.run(), strict=True))

    def interrupted(futures: Sequence["Future[None]"]) -> None:
        suite.cross_builds.end()
        in_use.all_down(futures)

    with suite.cross_builds, CellCounter(console, len(cells)) as counter:
        side_by_side([partial(run, platform) for platform in platforms.values()], at_once, interrupted)
    return [results[number] for number in range(len(cells))]
