"""What is run, and what the lines of the table are made of."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from speeds.sampling import RESULTS, Sample
from speeds.versions import Version

PLATFORMS = ("local", "local-v6only", "debian", "debian-v6only", "debian-i386", "alpine", "alpine-v6only")
BINDS = ("--bind", "dual", "--bind", "first", "--bind", "ipv4")
SHORT = "test_ipv4_client_is_served"
"""One probe, for what does not depend on how many there are."""
JUDGED = (0, 1)
"""Exit statuses of a run that answered."""


@dataclass(frozen=True)
class Scene:
    """Where a run is."""

    version: Version
    folder: Path
    """Of its own, and empty before."""
    address: str
    """HOST:PORT of a server that waits for `anyunix check`."""

    @property
    def results(self) -> list[str]:
        return ["--out", str(self.folder / RESULTS)]


@dataclass(frozen=True)
class Run:
    """A command that is measured."""

    words: Callable[[Scene], Sequence[str]]
    accepted: tuple[int, ...] = JUDGED
    engine: bool = False
    """It needs a Docker engine."""
    times: int = 1
    """So often in a round: what is over at once."""
    rounds: int = 100
    """In so many rounds at most: the long ones."""
    fails: bool = False
    """That a contract fails is no surprise: with the bind mode `first`, on platforms with FreeBSD's defaults."""


@dataclass(frozen=True)
class Line:
    """One line of the table: a figure, and what it ought to be."""

    row: str
    """What --only calls it; a row may have several lines."""
    work: str
    unit: str
    """`s`, `MB`, or `×` for a ratio."""
    runs: tuple[str, ...]
    value: Callable[[Mapping[str, Sample]], float]
    target: float | None = None
    stretch: float | None = None


def matrix(
    *words: str, subjects: str = "c,python", platforms: Sequence[str] = PLATFORMS
) -> Callable[[Scene], list[str]]:
    """The words of a run for each of the platforms, whose results are kept."""
    return lambda scene: [
        "run", "--subject", subjects, "--platform", ",".join(platforms), *words, *scene.results
    ]  # fmt: skip


def growing(copies: int, *words: str) -> Callable[[Scene], list[str]]:
    """A run for copies of the C server under other names, on two platforms that need no engine.

    What fails in the bind mode `first` is not run again under a tracer, which would make a share of the cells dearer.
    """

    def command(scene: Scene) -> list[str]:
        files = copied(scene.version.source / "chat", scene.folder / "subjects", copies)
        chosen = [word for file in files for word in ("--subject", str(file))]
        return ["run", *chosen, "--platform", "local,local-v6only", "--trace", "never", *words, *scene.results]

    return command


def copied(chat: Path, folder: Path, copies: int) -> list[Path]:
    """Subject files c01.yaml, c02.yaml, …, beside the C server that they are about."""
    shutil.copytree(chat / "c", folder / "c", ignore=shutil.ignore_patterns("bin", "*.o"))
    files = [folder / f"c{number:02}.yaml" for number in range(1, copies + 1)]
    for file in files:
        shutil.copyfile(chat / "c.yaml", file)
    return files


RUNS: dict[str, Run] = {
    "version": Run(lambda scene: ["--version"], (0,), times=20),
    "check": Run(lambda scene: ["check", scene.address], times=10),
    "cell-c": Run(matrix(subjects="c", platforms=["local"])),
    "cell-python": Run(matrix(subjects="python", platforms=["local"])),
    "one-probe": Run(matrix("-k", SHORT), engine=True, rounds=1),
    "matrix": Run(matrix(), engine=True),
    "matrix-jobs-5": Run(matrix("--jobs", "5"), engine=True, rounds=1),
    "binds": Run(matrix(*BINDS), engine=True, rounds=1, fails=True),
    "mutation": Run(
        lambda scene: ["mutation", "--require", ",".join(PLATFORMS), *scene.results], engine=True, rounds=1
    ),
    "growth-14": Run(growing(7), rounds=1),
    "growth-42": Run(growing(7, *BINDS), rounds=1, fails=True),
    "growth-126": Run(growing(21, *BINDS), rounds=1, fails=True),
}
"""In the order in which they are run."""


def wall(run: str) -> Callable[[Mapping[str, Sample]], float]:
    return lambda samples: samples[run].seconds


def cpu(run: str) -> Callable[[Mapping[str, Sample]], float]:
    return lambda samples: samples[run].cpu


def a_cell(run: str) -> Callable[[Mapping[str, Sample]], float]:
    return lambda samples: samples[run].seconds_a_cell


def peak(run: str) -> Callable[[Mapping[str, Sample]], float]:
    return lambda samples: samples[run].peak / 1e6


def growth_of_memory(small: str, large: str) -> Callable[[Mapping[str, Sample]], float]:
    """Bytes of memory for each byte more of matrix.json."""

    def value(samples: Mapping[str, Sample]) -> float:
        less, more = samples[small], samples[large]
        return (more.peak - less.peak) / max(more.json - less.json, 1)

    return value


LINES: tuple[Line, ...] = (
    Line("cell-c", "one cell, C, local", "s", ("cell-c",), wall("cell-c"), 8, 5),
    Line("cell-python", "one cell, Python, local", "s", ("cell-python",), wall("cell-python"), 14, 9),
    Line("cell-c", "its CPU, C", "s", ("cell-c",), cpu("cell-c"), 7),
    Line("cell-python", "its CPU, Python", "s", ("cell-python",), cpu("cell-python"), 12),
    Line("matrix", "matrix, 7 platforms × 2 subjects", "s", ("matrix",), wall("matrix"), 90, 60),
    Line("matrix-jobs-5", "the same with `--jobs 5`", "s", ("matrix-jobs-5",), wall("matrix-jobs-5")),
    Line("binds", "the same in three bind modes, instead of one", "×", ("matrix", "binds"),
         lambda samples: samples["binds"].seconds / samples["matrix"].seconds, 2),
    Line("mutation", "mutation testing, everything", "s", ("mutation",), wall("mutation"), 240),
    Line("version", "`anyunix --version`", "s", ("version",), wall("version"), 0.12),
    Line("check", "`anyunix check` of a local port", "s", ("check",), wall("check"), 0.3),
    Line("memory", "memory of anyunix in a matrix, at most", "MB", ("matrix",), peak("matrix")),
    Line("memory", "its growth, from one probe a cell to all, by that of matrix.json", "×", ("one-probe", "matrix"),
         growth_of_memory("one-probe", "matrix"), 2),
    Line("growth", "14 cells, each", "s", ("growth-14",), a_cell("growth-14")),
    Line("growth", "42 cells, each", "s", ("growth-42",), a_cell("growth-42")),
    Line("growth", "126 cells, each", "s", ("growth-126",), a_cell("growth-126")),
    Line("growth", "one of 126 cells, instead of one of 14", "×", ("growth-14", "growth-126"),
         lambda samples: samples["growth-126"].seconds_a_cell / samples["growth-14"].seconds_a_cell, 1.1),
    Line("growth", "one of 126 cells, instead of one of 42", "×", ("growth-42", "growth-126"),
         lambda samples: samples["growth-126"].seconds_a_cell / samples["growth-42"].seconds_a_cell, 1.1),
    Line("growth", "growth of memory from 14 to 126 cells, by that of matrix.json", "×", ("growth-14", "growth-126"),
         growth_of_memory("growth-14", "growth-126"), 2),
)  # fmt: skip
ROWS: tuple[str, ...] = tuple(dict.fromkeys(line.row for line in LINES))


def needed(row: str) -> dict[str, Run]:
    """The runs that the lines of a row are made of, each once."""
    names = {name for line in LINES if line.row == row for name in line.runs}
    return {name: run for name, run in RUNS.items() if name in names}
