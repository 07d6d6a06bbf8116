"""A matrix as a cluster brings it."""

from dataclasses import replace

from anyunix.results.model import Matrix, WorkerResult

LEFT = "it answers no longer; its cells run elsewhere"


def with_workers(matrix: Matrix, name: str = "w1 on amber", left: str = LEFT) -> Matrix:
    """All cells that ran did so on the worker `name`; another one was lost, and one stayed idle."""
    cells = tuple(replace(cell, worker=name if cell.status == "ran" else "") for cell in matrix.cells)
    number = sum(bool(cell.worker) for cell in cells)
    workers = (WorkerResult(name, number), WorkerResult("w2 on birch", 1, left), WorkerResult("w3 on birch", 0))
    return replace(matrix, cells=cells, workers=workers)
