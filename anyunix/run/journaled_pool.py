"""A pool with a journal: what an earlier run has the result of does not run again, and each result is written down as
it comes.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from anyunix.catalog.platforms import Platform
from anyunix.results.model import Artifacts, CellResult, WorkerResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.journal_key import JournalKeys
from anyunix.run.matrix import NOBODY, Keeper, Watcher
from anyunix.run.pool import Pool
from anyunix.run.run_journal import RunJournal


class JournaledPool:
    """Another pool, which the caller has entered, and its journal."""

    def __init__(self, pool: Pool, journal: RunJournal, environment: Mapping[str, str] = os.environ) -> None:
        """`environment` may name other boxes for virtual machines."""
        self.journal = journal
        self._pool, self._keys = pool, JournalKeys(environment)

    @property
    def machines(self) -> int:
        return self._pool.machines

    @property
    def jobs(self) -> int:
        return self._pool.jobs

    @property
    def workers(self) -> tuple[WorkerResult, ...]:
        return self._pool.workers

    def suited(self, platform: Platform) -> Platform:
        return self._pool.suited(platform)

    def run(
        self, cells: Sequence[Cell], how: SuiteOptions, *, watcher: Watcher = NOBODY, keeper: Keeper = NOBODY
    ) -> list[CellResult]:
        if how.hears is not None:  # whoever hears each line has a journal of his own
            return self._pool.run(cells, how, watcher=watcher, keeper=keeper)
        results: dict[int, CellResult] = {}
        missing: dict[int, tuple[Cell, str]] = {}
        for number, (cell, key) in enumerate(zip(cells, self._keys.of(cells, how), strict=True)):
            if known := self.journal.known(key, cell.id):
                results[number] = self._take(cell, *known, how, watcher, keeper)
            else:
                missing[number] = replace(cell), key  # each an object of its own, by which the scribe knows it
        if missing:
            scribe = JournalScribe(self.journal, list(missing.values()), watcher, keeper)
            ran = self._pool.run([cell for cell, _ in missing.values()], how, watcher=scribe, keeper=scribe)
            results |= dict(zip(missing, ran, strict=True))
        return [results[number] for number in range(len(cells))]

    def _take(
        self, cell: Cell, result: CellResult, artifacts: Artifacts, how: SuiteOptions, watcher: Watcher, keeper: Keeper
    ) -> CellResult:
        """As if the cell had run now. Where it measured the facts of its platform no other cell is to; where it did
        not, one of those that run now is, as the one that was to measure is among them, or broke.
        """
        if not cell.probes and any(probe.kind == "fact" for probe in result.probes):
            how.facts.claim(cell.platform.name)
        how.durations.add(result.probes)
        watcher.says(cell, f"known from {self.journal.path}")
        keeper.keep(result, artifacts)
        watcher.done(cell, result)
        return result


class JournalScribe:
    """Writes down each result when whoever keeps and whoever watches has been told of it. Called from many threads."""

    def __init__(
        self, journal: RunJournal, cells: Sequence[tuple[Cell, str]], watcher: Watcher, keeper: Keeper
    ) -> None:
        """`cells` are those that run, each with its key."""
        self._journal, self._watcher, self._keeper = journal, watcher, keeper
        self._keys = {id(cell): key for cell, key in cells}
        self._brought: dict[int, Artifacts] = {}

    def begins(self, cells: Sequence[Cell]) -> None:
        self._watcher.begins(cells)

    def says(self, cell: Cell, text: str) -> None:
        self._watcher.says(cell, text)

    def works(self, worker: str, text: str) -> None:
        self._watcher.works(worker, text)

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        self._keeper.keep(result, artifacts)
        self._brought[id(result)] = artifacts

    def done(self, cell: Cell, result: CellResult) -> None:
        self._journal.add(self._keys[id(cell)], result, self._brought.pop(id(result), Artifacts()))
        self._watcher.done(cell, result)
