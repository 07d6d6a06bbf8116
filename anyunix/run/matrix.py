"""Many cells at once, each reported as it goes; ended cleanly when the user has enough."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from anyunix.catalog.builds import POISONED
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.base import Driver
from anyunix.errors import ConfigurationError
from anyunix.host.unexpected import unexpected, whole_story
from anyunix.results.json_values import distinct
from anyunix.results.model import Artifacts, CellResult, Matrix, PlatformResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.kept import KeptDriver
from anyunix.run.side_by_side import DriversInUse, side_by_side

IDLE, LOST, REFUSED = "idle", "lost: ", "refused: "
"""What a watcher is told of a cluster's workers, beside what they work at: the last two in front of why."""


def is_lost(text: str) -> bool:
    """Whether that is what it is told."""
    return text.startswith(LOST)


class Watcher(Protocol):
    """Whoever shows the user what goes on. Called from many threads."""

    def begins(self, cells: Sequence[Cell]) -> None:
        """These are to run, besides those of earlier calls."""

    def says(self, cell: Cell, text: str) -> None:
        """A cell is doing something."""

    def done(self, cell: Cell, result: CellResult) -> None:
        """A cell has its result."""

    def works(self, worker: str, text: str) -> None:
        """A worker of a cluster is doing something, or is IDLE, or is gone: the text then begins with LOST."""


class Keeper(Protocol):
    """Whoever keeps what a cell brought back."""

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        """Called once per cell, from the cell's thread."""


class Nobody:
    """Watches and keeps nothing: for runs whose matrix is all that is wanted."""

    def begins(self, cells: Sequence[Cell]) -> None:
        """Not shown."""

    def says(self, cell: Cell, text: str) -> None:
        """Not shown."""

    def done(self, cell: Cell, result: CellResult) -> None:
        """Not shown."""

    def works(self, worker: str, text: str) -> None:
        """Not shown."""

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        """Not kept."""

    def write_matrix(self, matrix: Matrix) -> None:
        """Not written."""


NOBODY = Nobody()


def cells_of(subjects: Iterable[Subject], platforms: Iterable[Platform], binds: Sequence[str]) -> list[Cell]:
    """Every subject on every platform, in each bind mode of `binds`; without any, in the subject's first."""
    places = list(platforms)
    return [
        Cell(subject, platform, bind)
        for subject in subjects
        for bind in binds or [next(iter(subject.binds))]
        for platform in places
    ]


def with_poisoned(cells: Sequence[Cell], contracts: Sequence[str]) -> list[Cell]:
    """The cells, and again those whose subject is built, in a poisoned build that has to keep the contracts."""
    poisoned = [replace(cell, build=POISONED, probes=tuple(contracts)) for cell in cells if cell.subject.build]
    return [*cells, *poisoned]


def run_cells(
    cells: list[Cell],
    make_driver: Callable[[Platform], Driver],
    options: SuiteOptions,
    *,
    jobs: int,
    watcher: Watcher,
    keeper: Keeper,
) -> list[CellResult]:
    """Run the cells, `jobs` at a time; their results in the cells' order.

    On KeyboardInterrupt every platform that is up is taken down at once, and the interrupt goes on.
    """
    watcher.begins(cells)
    in_use = DriversInUse(make_driver)

    def run(cell: Cell) -> CellResult:
        try:
            driver = in_use.make(cell.name, cell.platform)
            if driver is None:
                return cell.result("not-run", "interrupted before it began")
        except ConfigurationError:
            raise  # the user's, and the same in every cell
        except Exception as error:
            result, artifacts = cell.result("error", unexpected(error)), Artifacts(log=whole_story(error))
        else:
            known = driver.known if isinstance(driver, KeptDriver) else None
            cell_run = CellRun(cell, driver, options, lambda text: watcher.says(cell, text), known)
            result, artifacts = cell_run.run(), cell_run.artifacts
        if in_use.over:  # a build that was ended looks like one that failed
            return cell.result("not-run", "interrupted before it ended")
        keeper.keep(result, artifacts)
        watcher.done(cell, result)
        return result

    def interrupted(futures: Sequence["Future[CellResult]"]) -> None:
        options.cross_builds.end()
        in_use.all_down(futures)

    return side_by_side([partial(run, cell) for cell in cells], jobs, interrupted)


def platform_result(platform: Platform, cells: Iterable[CellResult]) -> PlatformResult:
    """What the cells on one platform say of it: it ran when any of them did, and facts that they agree on are facts."""
    own = [cell for cell in cells if cell.platform == platform.name]
    best = min(own, key=lambda cell: ("ran", "error", "not-run").index(cell.status), default=None)
    facts, unstable = facts_in(own)
    return PlatformResult(
        platform.name,
        platform.title,
        platform.driver,
        best.status if best else "not-run",
        best.reason if best else "no cell was planned",
        platform.emulates,
        platform.emulator,
        facts=facts,
        unstable=unstable,
        documented=platform.documented,
        like=platform.like or "",
        differences=tuple(each.name for each in platform.switched_on),
    )


def facts_in(cells: Iterable[CellResult]) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
    """What cells on one platform measured: the facts that they agree on, and the values of those that varied."""
    values: dict[str, list[Any]] = {}
    for probe in (probe for cell in cells for probe in cell.probes):
        for name, value in probe.facts.items():
            values.setdefault(name, []).append(value)
        for name, several in probe.unstable.items():
            values.setdefault(name, []).extend(several)
    by_name = {name: distinct(several) for name, several in values.items()}
    return (
        {name: several[0] for name, several in by_name.items() if len(several) == 1},
        {name: several for name, several in by_name.items() if len(several) > 1},
    )


def choose_reference(wanted: str | None, cells: Iterable[CellResult]) -> str:
    """The platform that the others are compared with: the one asked for if it ran, debian, else the first that ran."""
    ran = [cell.platform for cell in cells if cell.status == "ran"]
    for name in (wanted, "debian", *ran):
        if name in ran:
            return name
    return wanted or "debian"
