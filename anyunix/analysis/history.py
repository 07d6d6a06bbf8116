"""Several runs in the order of their time: which contracts did not come to the same in all, and since when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from anyunix.analysis.changes import came_of, tried_in
from anyunix.results.model import PLAIN, CellId, Matrix, Probe

Came = Literal["kept", "failed", "flaky", "accepted", "not tried"]
"""What came of a contract in a run. `not tried` says nothing: left out, not run, or not there."""
RED: tuple[Came, ...] = ("failed", "flaky", "accepted")


@dataclass(frozen=True)
class PastRun:
    """One of the runs."""

    name: str
    """Its folder."""
    started: str
    """ISO 8601, UTC; empty in what some other program wrote."""
    other_suite: bool
    """Whether its probes are not those of the run before."""

    @property
    def day(self) -> str:
        return self.started[:10] or self.name

    @property
    def time(self) -> str:
        return self.started[11:16]


@dataclass(frozen=True)
class Track:
    """One contract of one subject in one bind mode, on the platforms where the same came of it in each run."""

    subject: str
    bind: str
    build: str
    probe: str
    platforms: tuple[str, ...]
    came: tuple[Came, ...]
    """One for each run."""

    @property
    def red(self) -> bool:
        """Whether it was broken when it was last tried."""
        return self.came[self.last] in RED

    @property
    def since(self) -> int:
        """The run in which it became what it is now: the first after which it was never anything else."""
        tried = self._tried()
        turns = [new for old, new in pairwise(tried) if (self.came[old] in RED) != (self.came[new] in RED)]
        return turns[-1] if turns else tried[0]

    @property
    def last(self) -> int:
        """The run in which it was tried last."""
        return max(self._tried())

    @property
    def where(self) -> str:
        """`alpine, debian: c first`"""
        build = "" if self.build == PLAIN else f" {self.build}"
        return f"{', '.join(self.platforms)}: {self.subject} {self.bind}{build}"

    def _tried(self) -> list[int]:
        return [run for run, each in enumerate(self.came) if each != "not tried"]


@dataclass(frozen=True)
class History:
    """What changed from run to run."""

    runs: tuple[PastRun, ...]
    """The oldest first."""
    tracks: tuple[Track, ...]
    """What is red now first, then what changed last."""
    always_red: int
    """Contracts of cells that were broken whenever they were tried, more than once."""


def history_of(runs: Iterable[tuple[str, Matrix]]) -> History:
    """`runs`: folders and what is in them, in any order."""
    ordered = sorted(runs, key=lambda run: run[1].started)
    came = _came([matrix for _, matrix in ordered])
    found: dict[tuple[str, str, str, str, tuple[Came, ...]], list[str]] = {}
    always_red = 0
    for (cell, probe), several in came.items():
        tried = [each in RED for each in several if each != "not tried"]
        if len(set(tried)) > 1:
            found.setdefault((cell.subject, cell.bind, cell.build, probe, several), []).append(cell.platform)
        always_red += len(tried) > 1 and all(tried)
    tracks = [
        Track(subject, bind, build, probe, tuple(platforms), several)
        for (subject, bind, build, probe, several), platforms in found.items()
    ]
    tracks.sort(key=lambda track: (not track.red, -track.since, track.probe, track.where))
    return History(tuple(_past(ordered)), tuple(tracks), always_red)


def _past(ordered: Sequence[tuple[str, Matrix]]) -> Iterable[PastRun]:
    suite = ""
    for name, matrix in ordered:
        own = matrix.identity.suite if matrix.identity else ""
        yield PastRun(name, matrix.started, bool(suite and own and own != suite))
        suite = own or suite


def _came(matrices: Sequence[Matrix]) -> dict[tuple[CellId, str], tuple[Came, ...]]:
    """For each contract of each cell what came of it in each run, in the order of the newest run first."""
    cells = dict.fromkeys(cell.id for matrix in reversed(matrices) for cell in matrix.cells)
    found: dict[tuple[CellId, str], tuple[Came, ...]] = {}
    for cell in cells:
        results = [matrix.cell(cell) for matrix in matrices]
        tried = [tried_in(result) for result in results]
        for probe in dict.fromkeys(name for each in reversed(tried) for name in each):
            pairs = zip(tried, results, strict=True)
            found[cell, probe] = tuple(_word(came_of(each, probe, result)) for each, result in pairs)
    return found


def _word(probe: Probe | None) -> Came:
    if probe is None:
        return "not tried"
    if not probe.bad:
        return "kept"
    if probe.expected:
        return "accepted"
    return "flaky" if probe.outcome == "flaky" else "failed"
