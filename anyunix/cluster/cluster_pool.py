"""A pool of a cluster's workers: the Pool of anyunix.run.pool, on other machines."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from distributed import Future

from anyunix import __version__
from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.cluster.cluster_job import Job
from anyunix.cluster.dask_connection import DaskConnection, SchedulerGone
from anyunix.cluster.folder_archive import Travelling, name_of, pack_subject, pack_suite
from anyunix.cluster.members import Members, WantedWorker
from anyunix.cluster.worker_description import content_of, needs_of, suite_digest
from anyunix.cluster.worker_plugin import end_run, keep_bytes, run_cell, topic_of
from anyunix.errors import ConfigurationError, PlatformError
from anyunix.host.interrupts import uninterrupted
from anyunix.results.model import CellId, CellResult, WorkerResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.identity import digest_of
from anyunix.run.matrix import NOBODY, Keeper, Watcher
from anyunix.run.order import likely_seconds
from anyunix.run.pool import LocalPool

WORKERS_SECONDS = 30.0
"""How long a run waits for the first worker."""
REFUSED_SECONDS = 5.0
"""The same where all that are there may not work for it."""
LOOK_SECONDS = 0.2
DOWN_SECONDS = 20.0
"""How long the end of a run waits for the platforms of its workers to be down."""


class ClusterPool:
    """Runs cells on the workers of a connection that the caller has entered."""

    def __init__(
        self,
        connection: DaskConnection,
        key: bytes = b"",
        *,
        times: Mapping[CellId, float] | None = None,
        tell: Callable[[str, str], None] = NOBODY.works,
        task: Callable[..., bytes] = run_cell,
    ) -> None:
        """`times` are what cells took in earlier runs, in seconds; `tell` is told which workers come before a run
        begins; `task` is what runs a cell on a worker.
        """
        self.connection, self.task, self._times = connection, task, times or {}
        self.run_name = secrets.token_hex(8)
        self._catalog = find_catalog()
        self.members = Members(WantedWorker(__version__, content_of(self._catalog), key), tell)
        self.key = key
        self._known = frozenset(self._catalog.platform_names())
        self._own_suite = suite_digest(self._catalog.suite)
        self._own_subjects = {name: digest_of(self._catalog.subject(name)) for name in self._catalog.subject_names()}
        self._archives: dict[str, Future[bytes]] = {}
        self._travelling: dict[tuple[int, Path], tuple[Cell, Travelling]] = {}
        self.numbers = 0

    def __enter__(self) -> "ClusterPool":
        """Raises ConfigurationError, PlatformError."""
        self.connection.listen(topic_of(self.run_name))
        began = time.monotonic()
        until = began + WORKERS_SECONDS
        while not self.members.there and time.monotonic() < until:
            try:
                self.members.see(self.connection.workers())
            except SchedulerGone as reason:
                raise PlatformError(f"--cluster {self.connection.address}: the scheduler is gone: {reason}") from None
            if self.members.refused:
                until = min(until, began + REFUSED_SECONDS)
            if not self.members.there:
                time.sleep(LOOK_SECONDS)
        if self.members.there:
            return self
        if self.members.refused:
            raise ConfigurationError("\n".join(self.members.refused.values()))
        raise PlatformError(
            f"--cluster {self.connection.address}: no worker after {WORKERS_SECONDS:g} s; "
            f"`anyunix worker {self.connection.address}` starts one"
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with uninterrupted(lambda: [f"platforms on {member.name}" for member in self.members.there.values()]):
            self.connection.on_each(list(self.members.there), end_run, self.run_name, seconds=DOWN_SECONDS)

    @property
    def machines(self) -> int:
        return max(1, len(self.members.there))

    @property
    def jobs(self) -> int:
        return max(1, self.members.seats)

    @property
    def workers(self) -> tuple[WorkerResult, ...]:
        return self.members.results()

    def suited(self, platform: Platform) -> Platform:
        native = replace(platform, emulator="", emulator_limits={}, native=True)
        needs = needs_of(native, self._known)
        resources = [frozenset(member.description.resources) for member in self.members.there.values()]
        return native if platform.emulator and any(needs <= each for each in resources) else platform

    def run(
        self, cells: Sequence[Cell], how: SuiteOptions, *, watcher: Watcher = NOBODY, keeper: Keeper = NOBODY
    ) -> list[CellResult]:
        self.members.tell = watcher.works
        here = [cell for cell in cells if not cell.platform.options.runs]
        own = LocalPool(1, keep=False).run(here, how, watcher=watcher, keeper=keeper) if here else []
        there = [cell for cell in cells if cell.platform.options.runs]
        job = Job(self, there, how, watcher, keeper, self._known, likely_seconds(there, self._times))
        try:
            results = iter(job.run())
        except BaseException:
            job.cancel()
            raise
        mine = iter(own)
        return [next(results) if cell.platform.options.runs else next(mine) for cell in cells]

    def travelling(self, cell: Cell, suite: Path) -> Travelling:
        """What goes with a cell."""
        same = id(cell.subject), suite
        if same not in self._travelling:
            digests = digest_of(cell.subject), suite_digest(suite)
            own_subject = digests[0] == self._own_subjects.get(cell.subject.name)
            self._travelling[same] = (
                cell,  # so that no other subject gets its id
                Travelling(
                    digests,
                    b"" if own_subject else self._kept(pack_subject(cell.subject)),
                    b"" if digests[1] == self._own_suite else self._kept(pack_suite(suite)),
                ),
            )
        return self._travelling[same][1]

    def is_foreign(self, cell: Cell, suite: Path) -> bool:
        """Whether a worker runs it only for a client that has its key; it looks more closely by itself."""
        travelling = self.travelling(cell, suite)
        return bool(travelling.subject or travelling.suite) or cell.platform.base not in self._known

    def next_number(self) -> int:
        """For a cell: no two of a pool's have the same."""
        self.numbers += 1
        return self.numbers

    def _kept(self, archive: bytes) -> Future[bytes]:
        name = f"anyunix-archive-{name_of(archive)}"
        if name not in self._archives:
            self._archives[name] = self.connection.keep(keep_bytes, archive, name)
        return self._archives[name]
