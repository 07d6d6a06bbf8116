"""What is measured: each function runs cells through the pools that `anyunix run` uses, and says what came of it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from anyunix.catalog.lookup import Catalog
from anyunix.cluster.cluster_pool import ClusterPool
from anyunix.cluster.dask_connection import DaskConnection
from anyunix.cluster.worker_plugin import run_cell
from anyunix.results.model import CellId, CellResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.pool import LocalPool, Pool
from scales.figures import Figure
from scales.simulated import Tally, answer_simulated, log_normal, simulated_cells, times_of
from scales.workers import Workers, workers_here

OVERHEAD_MS, MAKESPAN = 30.0, 1.1
"""The targets of issue 19."""
TRIVIAL = "test_ipv4_client_is_served"
"""The one probe of a suite that is next to none."""


@dataclass(frozen=True)
class Scale:
    """How much of it."""

    instant: int = 500
    trivial: int = 30
    real: int = 28
    expression: str = "served"
    many: int = 10_000
    mean: float = 1.0
    """Seconds of a simulated cell."""
    seats: int = 64
    killed: int = 500
    kill_mean: float = 0.5
    kill_seconds: float = 5.0


@dataclass(frozen=True)
class Ground:
    """What all measurements need."""

    catalog: Catalog
    folder: Path
    image: str = ""
    """Of workers that are containers; without one they are processes only."""

    @property
    def kinds(self) -> Mapping[str, str]:
        return {"processes": "", **({"containers with a CPU each": self.image} if self.image else {})}


def instant(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """Cells that take no time: what is left is overhead."""
    cells = simulated_cells(ground.catalog, [0.0] * scale.instant)
    for kind, image in ground.kinds.items():
        for number in (1, 2, 4):
            with workers_here(number, 1, ground.folder, image=image) as workers:
                took, cpu, tally = _simulated(ground, workers, cells)
            each = 1000 * took / len(cells)
            yield Figure(
                f"{len(cells)} instant cells, {_workers(number, kind)}",
                f"{each:.1f} ms per cell",
                f"≤ {OVERHEAD_MS:g} ms",
                each <= OVERHEAD_MS,
                f"{took:.2f} s; the client's CPU {1000 * cpu / len(cells):.1f} ms per cell; {_whole(cells, tally)}",
            )


def trivial(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """Real cells of one probe, here and on one worker of a cluster: the difference is overhead."""
    cells = _real_cells(ground.catalog, scale.trivial)
    how = SuiteOptions(ground.catalog.suite, TRIVIAL, workers=1)
    took = {}
    with LocalPool(1) as own:
        own.run(cells[:1], how)  # what is built once is built
        took["here"], _ = _timed(own, cells, replace(how, facts=_Nothing()))
    with workers_here(1, 1, ground.folder) as workers, _cluster(workers) as cluster:
        cluster.run(cells[:1], how)
        took["there"], _ = _timed(cluster, cells, replace(how, facts=_Nothing()))
    here, there = (1000 * took[where] / len(cells) for where in ("here", "there"))
    yield Figure(
        f"{len(cells)} real cells of one probe, 1 worker, less the same in this process",
        f"{there - here:.1f} ms per cell",
        f"≤ {OVERHEAD_MS:g} ms",
        there - here <= OVERHEAD_MS,
        f"{there:.0f} ms per cell there, {here:.0f} ms here",
    )


def real(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """The chat servers' cells on `local`, one probe at a time, over workers and over --jobs."""
    cells = _real_cells(ground.catalog, scale.real)
    first = dict[str, float]()

    def figure(kind: str, number: int, pool: Pool) -> Figure:
        how = SuiteOptions(ground.catalog.suite, scale.expression, workers=1)
        pool.run(cells[:2], how)  # servers are built, platforms are up
        took, results = _timed(pool, cells, replace(how, facts=_Nothing()))
        first.setdefault(kind, took)
        broke = sum(result.status != "ran" for result in results)
        return Figure(
            f"{len(cells)} real cells (`-k {scale.expression}`), {_workers(number, kind)}",
            f"{took:.1f} s",
            "",
            None,
            f"{first[kind] / took:.2f} × as fast as one" + (f"; {broke} broke" if broke else ""),
        )

    for number in (1, 2):
        with LocalPool(number) as own:
            yield figure("--jobs", number, own)
    for kind, image in ground.kinds.items():
        for number in (1, 2, 4):
            with workers_here(number, 1, ground.folder, image=image) as workers, _cluster(workers) as cluster:
                yield figure(kind, number, cluster)


def makespan(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """Log-normal times, by the real scheduler: how close to the least that is possible."""
    seconds = log_normal(scale.many, scale.mean)
    cells = simulated_cells(ground.catalog, seconds)
    bound = max(sum(seconds) / scale.seats, max(seconds))
    for name, times in (("known", times_of(cells)), ("unknown", {})):
        with workers_here(4, scale.seats // 4, ground.folder) as workers:
            took, cpu, tally = _simulated(ground, workers, cells, times)
        yield Figure(
            f"{len(cells)} simulated cells on {scale.seats} seats, times {name}",
            f"{took / bound:.3f} × the lower bound",
            f"≤ {MAKESPAN:g} ×",
            took / bound <= MAKESPAN,
            f"{took:.1f} s, at least {bound:.1f} s (longest {max(seconds):.1f} s); {len(cells) / took:.0f} cells per "
            f"second; the client's CPU {1000 * cpu / len(cells):.1f} ms per cell; {_whole(cells, tally)}",
        )


def killed(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """A worker is killed again and again."""
    seconds = log_normal(scale.killed, scale.kill_mean)
    cells = simulated_cells(ground.catalog, seconds)
    over, kills = threading.Event(), 0
    with workers_here(4, 1, ground.folder) as workers:

        def kill() -> None:
            nonlocal kills
            while not over.wait(scale.kill_seconds):
                kills += workers.kill_one(kills)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        try:
            took, _, tally = _simulated(ground, workers, cells, times_of(cells))
        finally:
            over.set()
            killer.join()
    exact = sorted(tally.kept) == sorted(cell.id for cell in cells) and tally.broken == 0
    yield Figure(
        f"{len(cells)} simulated cells, 4 workers, one killed every {scale.kill_seconds:g} s",
        "nothing lost, nothing twice" if exact else f"NOT exact: {_whole(cells, tally)}",
        "nothing lost, nothing twice",
        exact,
        f"{took:.1f} s instead of {sum(seconds) / 4:.1f} s; {kills} kills, {tally.lost} workers seen lost, "
        f"{tally.again} cells run again; {_whole(cells, tally)}",
    )


MEASURES: Mapping[str, Callable[[Ground, Scale], Iterator[Figure]]] = {
    "instant": instant,
    "trivial": trivial,
    "real": real,
    "makespan": makespan,
    "killed": killed,
}


class _Nothing:
    """No cell measures facts: they would be part of one cell's time."""

    def claim(self, platform: str) -> bool:
        return False

    def give_up(self, platform: str) -> None:
        """Nobody does."""


@contextmanager
def _cluster(
    workers: Workers, times: Mapping[CellId, float] | None = None, *, simulated: bool = False
) -> Iterator[ClusterPool]:
    with (
        DaskConnection(workers.address) as connection,
        ClusterPool(connection, times=times, task=answer_simulated if simulated else run_cell) as pool,
    ):
        yield pool


def _simulated(
    ground: Ground, workers: Workers, cells: Sequence[Cell], times: Mapping[CellId, float] | None = None
) -> tuple[float, float, Tally]:
    """Seconds, seconds of CPU in this process, and what came."""
    tally = Tally()
    with _cluster(workers, times, simulated=True) as pool:
        pool.run(cells[:1], SuiteOptions(ground.catalog.suite))  # workers have imported what they need
        begun, cpu = time.monotonic(), time.process_time()
        results = pool.run(cells, SuiteOptions(ground.catalog.suite), watcher=tally, keeper=tally)
        took, cpu = time.monotonic() - begun, time.process_time() - cpu
    tally.broken = sum(result.status != "ran" for result in results)
    return took, cpu, tally


def _timed(pool: Pool, cells: Sequence[Cell], how: SuiteOptions) -> tuple[float, list[CellResult]]:
    begun = time.monotonic()
    results = pool.run(cells, how)
    return time.monotonic() - begun, results


def _real_cells(catalog: Catalog, number: int) -> list[Cell]:
    """Of both chat servers on this machine, by turns."""
    subjects = [catalog.subject(name) for name in ("c", "python")]
    local = catalog.platform("local")
    return [Cell(subject, local, "dual") for _ in range(number // len(subjects)) for subject in subjects]


def _workers(number: int, kind: str) -> str:
    if kind == "--jobs":
        return f"no cluster, `--jobs {number}`"
    return f"{number} worker{'s' if number > 1 else ''} ({kind})"


def _whole(cells: Sequence[Cell], tally: Tally) -> str:
    """What of the results is there."""
    wanted = {cell.id for cell in cells}
    lost, twice = len(wanted - set(tally.kept)), len(tally.kept) - len(set(tally.kept))
    return f"{lost} lost, {twice} twice, {tally.broken} broken"
