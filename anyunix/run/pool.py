"""Where cells run: in this process, or wherever else somebody makes a pool of."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Driver
from anyunix.drivers.registry import Drivers
from anyunix.results.model import CellId, CellResult, WorkerResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.kept import KeptPlatforms
from anyunix.run.matrix import NOBODY, Keeper, Watcher, run_cells
from anyunix.run.order import measuring_first


class Pool(Protocol):
    """Runs cells. Whoever makes one enters it, and is rid of all that it started when he leaves."""

    @property
    def machines(self) -> int:
        """How many there are to share work: what one of them does side by side is its own affair."""

    @property
    def jobs(self) -> int:
        """Cells side by side, on all machines together."""

    @property
    def workers(self) -> tuple[WorkerResult, ...]:
        """Those of a cluster, with what they have done so far."""

    def suited(self, platform: Platform) -> Platform:
        """The platform as it runs there: a CPU that is real on one of the machines is emulated on none."""

    def run(
        self, cells: Sequence[Cell], how: SuiteOptions, *, watcher: Watcher = NOBODY, keeper: Keeper = NOBODY
    ) -> list[CellResult]:
        """The cells' results, in their order. What a platform or a subject does is a result; raises
        ConfigurationError for what a user wrote. On KeyboardInterrupt every platform is taken down first.

        Of each cell the keeper is told first and then the watcher: of the same result, and of the cell as it was given.
        """


class LocalPool:
    """This process: `jobs` cells at a time, the longest first. Platforms stay up from cell to cell unless `keep` is
    False.
    """

    machines = 1
    workers: tuple[WorkerResult, ...] = ()

    def __init__(
        self,
        jobs: int,
        make_driver: Callable[[Platform], Driver] | None = None,
        *,
        keep: bool = True,
        times: Mapping[CellId, float] | None = None,
    ) -> None:
        """`make_driver` makes the driver for one cell, instead of the one for its platform; `times` are what cells took
        in earlier runs, in seconds.
        """
        self.jobs = jobs
        self._times = times or {}
        self._make = make_driver or Drivers().for_platform
        self._kept = KeptPlatforms(self._make)
        self._keep = keep

    def __enter__(self) -> "LocalPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept.end()

    def suited(self, platform: Platform) -> Platform:
        return platform

    def run(
        self, cells: Sequence[Cell], how: SuiteOptions, *, watcher: Watcher = NOBODY, keeper: Keeper = NOBODY
    ) -> list[CellResult]:
        make = self._kept.for_platform if self._keep else self._make
        order = measuring_first(cells, self._times)
        ran = run_cells([cells[number] for number in order], make, how, jobs=self.jobs, watcher=watcher, keeper=keeper)
        return [result for _, result in sorted(zip(order, ran, strict=True), key=lambda each: each[0])]
