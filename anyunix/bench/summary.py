"""Runs -> means, their variation and 95 % intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from anyunix.bench.remote.experiment import Measured, Point

T_95 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)
"""Student's t, two-sided 95 %, for 1 to 9 degrees of freedom; 1.96 beyond."""
PAPER = {
    1: (0.34, 0.159, 1.94, 0.169),
    2: (0.45, 0.221, 2.61, 0.205),
    4: (0.79, 0.228, 4.35, 0.172),
    8: (1.37, 0.137, 6.15, 0.276),
    16: (2.17, 0.147, 11.71, 0.229),
    32: (2.53, 0.172, 22.71, 0.322),
    64: (2.53, 0.180, 36.08, 0.243),
}
"""Table I of the paper, connections -> mean % and variation of C, of Go: FreeBSD 13.0, one CPU, read off top(1), which
cut its list at 32 and 64 connections."""


@dataclass(frozen=True)
class PointSummary:
    """All runs of one point."""

    point: Point
    """Its `repeat` is how many runs count."""
    mean: float
    """Per cent of one CPU."""
    variation: float
    """Standard deviation over mean, of all samples."""
    interval: float | None
    """± at 95 %, over the means of the runs; None for a single one."""
    load: float
    processes: int
    memory_bytes: int
    calls_a_write: float | None
    """None, as below, where they are not counted."""
    voluntary_a_write: float | None
    involuntary_a_write: float | None


def summarize(measured: Iterable[Measured]) -> list[PointSummary]:
    """Each point that has a valid run; the others are discarded and excluded from all averages."""
    runs: dict[Point, list[Measured]] = {}
    for run in measured:
        if not run.invalid:
            runs.setdefault(replace(run.point, repeat=0), []).append(run)
    return [_cell(replace(point, repeat=len(several)), several) for point, several in runs.items()]


def _cell(point: Point, runs: Sequence[Measured]) -> PointSummary:
    samples = [sample for run in runs for sample in run.samples]
    means = [fmean(run.samples) for run in runs]
    mean = fmean(samples)
    return PointSummary(
        point,
        mean,
        stdev(samples) / mean if len(samples) > 1 and mean else 0.0,
        _interval(means),
        fmean(run.load_percent for run in runs),
        max(run.processes for run in runs),
        max(run.memory_bytes for run in runs),
        _mean_of_counted(run.calls_a_write for run in runs),
        _mean_of_counted(run.voluntary_a_write for run in runs),
        _mean_of_counted(run.involuntary_a_write for run in runs),
    )


def _mean_of_counted(values: Iterable[float | None]) -> float | None:
    counted = [value for value in values if value is not None]
    return fmean(counted) if counted else None


def _interval(means: Sequence[float]) -> float | None:
    if len(means) < 2:
        return None
    freedom = len(means) - 1
    t = T_95[freedom - 1] if freedom <= len(T_95) else 1.96
    return float(t * stdev(means) / len(means) ** 0.5)
