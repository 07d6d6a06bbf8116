"""A sweep: a trace says where a server calls the system, then each call answers with each error, one at a time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from anyunix.host.scratch import scratch
from anyunix.results.junit import BadResults
from anyunix.results.model import CellResult, Matrix
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.matrix import NOBODY, Keeper, Watcher
from anyunix.run.pool import Pool
from anyunix.run.rerun import Records
from anyunix.run.start import never_started
from anyunix.sweep.errnos import read_errnos
from anyunix.sweep.injecting import Injection, injections_for
from anyunix.sweep.runtimes import without_runtime
from anyunix.sweep.seen import SeenSites, seen_in
from anyunix.sweep.sweep_answers import swept
from anyunix.sweep.sweep_journal import Journal
from anyunix.sweep.sweep_progress import Results
from anyunix.sweep.sweep_suite import INJECTION_PROBE, INJECTION_TEST, INJECTIONS, SESSION, SESSION_PROBE, write_suite
from anyunix.sweep.swept import Sweep, Sweeps
from anyunix.text import first_line, nearest

SWEEP_SECONDS = 3600.0
"""For all injections of a server."""
PART = 400
"""Injections that a cell is told by name at most: their names have to fit on a command line."""


@dataclass(frozen=True)
class SweepOptions:
    """What is swept, and how."""

    subject: Subject
    platforms: tuple[Platform, ...]
    bind: str
    quick: bool = False
    wanted: tuple[str, ...] = ()
    """The IDs of the only injections to make; empty for all."""
    workers: int = 0
    """Servers side by side; 0 for as many as the platform's CPUs can take."""


def sweep(options: SweepOptions, suite: Path, journal: Journal, pool: Pool, watcher: Watcher = NOBODY) -> Sweeps:
    """On one platform after the other, in a pool that the caller has entered and that keeps no platform up, as each
    cell has a suite of its own; what is in the journal is not made again.

    Raises ConfigurationError for a subject that does not start, or an unknown injection.
    """
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    found = tuple(
        _OnePlatform(options, pool.suited(platform), suite, journal, pool, _Underway(watcher)).sweep()
        for platform in options.platforms
    )
    return Sweeps(options.subject.name, options.bind, found, started=started)


@dataclass(frozen=True)
class _Underway:
    """Shows what goes on, and not what came of it: a sweep has its own words for that, at the end."""

    watcher: Watcher

    def begins(self, cells: Sequence[Cell]) -> None:
        """Not shown."""

    def says(self, cell: Cell, text: str) -> None:
        self.watcher.says(cell, text)

    def done(self, cell: Cell, result: CellResult) -> None:
        """Not shown."""

    def works(self, worker: str, text: str) -> None:
        self.watcher.works(worker, text)


@dataclass(frozen=True)
class _OnePlatform:
    options: SweepOptions
    platform: Platform
    suite: Path
    journal: Journal
    pool: Pool
    watcher: Watcher

    def sweep(self) -> Sweep:
        """Raises ConfigurationError."""
        begun = time.monotonic()
        try:
            with scratch() as folder:
                found = self._sweep(folder)
        except (NotRun, PlatformError) as reason:
            found = replace(self._nothing, reason=first_line(str(reason)))
        return replace(found, seconds=time.monotonic() - begun)

    @property
    def _nothing(self) -> Sweep:
        return Sweep(self.options.subject.name, self.platform.name, self.options.bind)

    def _sweep(self, folder: Path) -> Sweep:
        """Raises ConfigurationError, NotRun, PlatformError."""
        seen = self._seen(write_suite(self.suite, folder / "session", SESSION))
        errnos = read_errnos(self.suite)
        planned = injections_for(seen.sites, errnos, seen.inside, quick=self.options.quick)
        planned = _chosen(planned, self.options.wanted)
        if not planned:
            raise NotRun(f"{self.options.subject.name} makes no call that could answer otherwise")
        name = self.platform.name
        results = Results(planned, self.journal.known(name, planned), partial(self.journal.add, name))
        reason = ""
        if missing := results.missing:
            reason = self._inject(write_suite(self.suite, folder / "injections", INJECTIONS, missing), results)
        if results.broken and not reason and not self.options.wanted:
            self._confirm(write_suite(self.suite, folder / "again", INJECTIONS, results.broken), results)
        return replace(
            self._nothing,
            injections=tuple(results.found.get(each.id) or swept(each, None, reason) for each in planned),
            alike=tuple(site.label for site in seen.alike),
            runtime=tuple(dict.fromkeys(each.site.label for each in injections_for(seen.runtime, errnos))),
            reason=reason,
        )

    def _seen(self, suite: Path) -> SeenSites:
        name, records = self.options.subject.name, Records()
        cell = replace(self._cell, tool="trace")
        result = _whole(self._run([cell], SuiteOptions(suite), records)[0])
        probe = next((probe for probe in result.probes if probe.id == SESSION_PROBE), None)
        if probe is not None and probe.outcome != "passed":
            raise NotRun(f"{name} cannot be swept: {first_line(probe.message)}")
        try:
            seen = seen_in(result, records, self.options.subject.stop)
        except NotRun as reason:
            raise NotRun(f"{name} cannot be swept on {self.platform.name}: not tried: {reason}") from None
        except BadResults as error:
            raise PlatformError(f"{self.platform.name}: {error}") from None
        own, runtime = without_runtime(seen.sites, records.of(result, SESSION_PROBE), self.options.subject.start)
        return replace(seen, sites=tuple(own), runtime=tuple(runtime))

    def _inject(self, suite: Path, results: Results) -> str:
        """Make those that are missing; why not all of them came back, else empty."""
        options = SuiteOptions(suite, seconds=SWEEP_SECONDS, workers=self.options.workers, hears=results.hear)
        found = self._run(self._parts(results.missing), options, NOBODY)
        for result in found:
            results.take(result.probes)
        reasons = [first_line(result.reason) for result in found if result.status != "ran"]
        return f"{reasons[0]}; --resume makes what is missing" if reasons else ""

    def _parts(self, missing: Sequence[Injection]) -> list[Cell]:
        """One cell for each machine: on one alone, whatever is in the suite."""
        if self.pool.machines == 1:
            return [self._cell]
        number = min(len(missing), max(self.pool.machines, -(-len(missing) // PART)))
        names = [f"{INJECTION_PROBE}::{INJECTION_TEST}[{each.id}]" for each in missing]
        return [replace(self._cell, probes=tuple(names[first::number])) for first in range(number)]

    def _confirm(self, suite: Path, results: Results) -> None:
        """Make what broke once more."""
        self.watcher.says(self._cell, f"what broke it once more: {len(results.broken)}")
        options = SuiteOptions(suite, seconds=SWEEP_SECONDS, workers=self.options.workers)
        results.confirm(self._run([self._cell], options, NOBODY)[0].probes)

    @property
    def _cell(self) -> Cell:
        return Cell(self.options.subject, self.platform, self.options.bind)

    def _run(self, cells: Sequence[Cell], suite: SuiteOptions, keeper: Keeper) -> list[CellResult]:
        """Raises ConfigurationError for a server that does not start."""
        with suite.cross_builds:
            results = self.pool.run(cells, suite, watcher=self.watcher, keeper=keeper)
        if wrong := never_started(Matrix((), tuple(results), self.platform.name)):
            raise ConfigurationError(next(iter(wrong.values())))
        return results


def _whole(result: CellResult) -> CellResult:
    """Raises NotRun, PlatformError."""
    if result.status == "not-run":
        raise NotRun(f"not run: {result.reason}")
    if result.status == "error":
        raise PlatformError(result.reason)
    return result


def _chosen(planned: Sequence[Injection], wanted: Sequence[str]) -> list[Injection]:
    known = [each.id for each in planned]
    for name in wanted:
        if name not in known:
            raise ConfigurationError(f"--injection {name}: the server makes no such call{nearest(name, known)}")
    return [each for each in planned if not wanted or each.id in wanted]
