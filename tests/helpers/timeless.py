"""What two runs of the same things have in common."""

from dataclasses import replace

from anyunix.results.model import CellResult, Matrix, Probe


def without_times(matrix: Matrix) -> Matrix:
    """The matrix without how long things took, when that was, and which workers did them."""

    def timeless(probes: tuple[Probe, ...]) -> tuple[Probe, ...]:
        return tuple(replace(probe, seconds=0.0) for probe in probes)

    def of(cell: CellResult) -> CellResult:
        return replace(cell, seconds=0.0, worker="", probes=timeless(cell.probes))

    return replace(
        matrix,
        started="",
        seconds=0.0,
        workers=(),
        cells=tuple(map(of, matrix.cells)),
        platforms=tuple(replace(platform, probes=timeless(platform.probes)) for platform in matrix.platforms),
    )
