"""One run of a client, as a worker sees it: the platforms that it keeps up for it, and what it was sent."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from anyunix.catalog.difference import Difference
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.cluster.answer_message import CellAnswer
from anyunix.cluster.folder_archive import unpack_into
from anyunix.cluster.foreign import foreign_in, is_own_subject
from anyunix.cluster.order_message import CellOrder, platform_of
from anyunix.cluster.run_images import Peer, RunImages
from anyunix.cluster.worker_description import suite_digest
from anyunix.cross.shared_builds import CrossBuilds
from anyunix.drivers.base import Driver, Progress
from anyunix.drivers.local import LocalOptions
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError
from anyunix.host.scratch import Scratch
from anyunix.results.model import Artifacts
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.durations import Durations
from anyunix.run.kept import KeptPlatforms
from anyunix.run.planned import Plans


@dataclass(frozen=True)
class Telling:
    """Whom to tell what goes on in a cell."""

    says: Callable[[str], None]
    line: Callable[[str], None]
    """Each line of the suite's, where that is wanted."""


@dataclass
class GivenFacts:
    """Whether a cell measures its platform's facts is its client's decision, who sees all cells."""

    measures: bool
    gave_up: bool = False

    def claim(self, platform: str) -> bool:
        return self.measures

    def give_up(self, platform: str) -> None:
        self.gave_up = True


@dataclass
class _OneSuite:
    """What cells of one suite share."""

    folder: Path
    make: Callable[[Platform], Driver]
    plans: Plans = field(default_factory=Plans)
    cross_builds: CrossBuilds = field(default_factory=CrossBuilds)

    @cached_property
    def kept(self) -> KeptPlatforms:
        return KeptPlatforms(self.make)


class RunOver(Exception):
    """The run was ended on this worker before or while a cell ran."""


class WorkerRun:
    """Safe to use from many threads."""

    def __init__(self, catalog: Catalog, stands_for: tuple[str, ...] = ()) -> None:
        """`stands_for` are the platforms that this machine is by itself."""
        self._catalog, self._stands_for = catalog, stands_for
        self._lock = threading.Lock()
        self._scratch = Scratch()
        drivers = Drivers()
        self._make = drivers.for_platform
        self.images = RunImages(drivers.image, self._scratch.path)
        self._suites: dict[str, _OneSuite] = {}
        self._subjects: dict[str, Path] = {}
        self._running: dict[int, Driver] = {}
        self._over = False
        self.last_used = time.monotonic()

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def run(
        self,
        order: CellOrder,
        archives: Mapping[str, bytes],
        *,
        trusted: bool,
        telling: Telling,
        peers: Sequence[Peer] = (),
    ) -> CellAnswer:
        """Run a cell; `archives` are what travels beside the order, by its name there; `trusted` whether the client
        has shown the key; `peers` may have the image of its platform. Raises RunOver.
        """
        try:
            platform = platform_of(order, self._differences, self._scratch.path / f"platform-{order.number}")
            if not trusted and (what := foreign_in(order, platform, self._catalog, self._own_suite)):
                return CellAnswer(refused=f"{what} did not come with anyunix")
            cell = self._cell(order, platform, archives)
            if order.images is not None and trusted:
                self.images.bring(cell.platform, peers, telling.says, makes=order.images.makes)
            suite = self._suite(order, archives)
            return self._run(cell, order, suite, telling)
        except ConfigurationError as error:
            return CellAnswer(refused=str(error))
        finally:
            self.last_used = time.monotonic()

    def platform(self, order: CellOrder) -> Platform:
        """That of an order whose client has shown the key. Raises ConfigurationError, OSError."""
        self.last_used = time.monotonic()
        return platform_of(order, self._differences, self._scratch.path / f"asked-{order.number}")

    def interrupt(self, number: int) -> None:
        """End a cell that nobody waits for any more, from any thread."""
        with self._lock:
            driver = self._running.get(number)
        if driver is not None:
            driver.down()

    def end(self) -> None:
        """Take all platforms down and end all builds, from any thread. Idempotent."""
        with self._lock:
            self._over = True
            suites, self._suites = list(self._suites.values()), {}
        for each in suites:
            each.cross_builds.end()
            each.kept.end()
            each.cross_builds.__exit__()
        self._scratch.remove()

    @cached_property
    def _differences(self) -> Mapping[str, Difference]:
        return {each.name: each for each in self._catalog.differences}

    @cached_property
    def _own_suite(self) -> str:
        return suite_digest(self._catalog.suite)

    def _cell(self, order: CellOrder, platform: Platform, archives: Mapping[str, bytes]) -> Cell:
        if platform.base in self._stands_for:
            platform = replace(platform, options=LocalOptions())
        subject = replace(order.subject, folder=self._subject(order, archives))
        return Cell(subject, platform, order.bind, order.build, order.probes, order.tool)

    def _subject(self, order: CellOrder, archives: Mapping[str, bytes]) -> Path:
        """Its folder: our own, or one that was sent, and is unpacked once."""
        with self._lock:
            if order.subject_digest not in self._subjects:
                sent = self._scratch.path / f"subject-{len(self._subjects)}"
                self._subjects[order.subject_digest] = (
                    self._catalog.subject(order.subject.name).folder
                    if is_own_subject(order, self._catalog)
                    else unpack_into(archives["subject"], sent)
                )
            return self._subjects[order.subject_digest]

    def _suite(self, order: CellOrder, archives: Mapping[str, bytes]) -> _OneSuite:
        with self._lock:
            if self._over:
                raise RunOver
            if order.suite_digest not in self._suites:
                own = order.suite_digest == self._own_suite
                sent = self._scratch.path / f"suite-{len(self._suites)}"
                folder = self._catalog.suite if own else unpack_into(archives["suite"], sent)
                self._suites[order.suite_digest] = _OneSuite(folder, self._make)
            return self._suites[order.suite_digest]

    def _run(self, cell: Cell, order: CellOrder, suite: _OneSuite, telling: Telling) -> CellAnswer:
        how, facts = order.how, GivenFacts(order.how.measures)
        longest = {probe: float(len(how.longest) - rank) for rank, probe in enumerate(how.longest)}

        def hears(line: str, say: Progress) -> None:
            telling.line(line)

        options = SuiteOptions(
            suite.folder,
            how.expression,
            how.seconds,
            how.repeat,
            suite.plans,
            suite.cross_builds,
            facts,
            Durations(longest),
            how.workers,
            how.probe_seconds,
            hears if how.aloud else None,
        )
        driver = suite.kept.for_platform(cell.platform)
        with self._lock:
            self._running[order.number] = driver
        try:
            run = CellRun(cell, driver, options, telling.says, driver.known)
            result = run.run()
        finally:
            with self._lock:
                self._running.pop(order.number, None)
        if self._over:  # what comes of a cell whose platform is taken down is no result
            raise RunOver
        return CellAnswer(result, run.artifacts or Artifacts(), measured=not facts.gave_up)
