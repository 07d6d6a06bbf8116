"""The workers of a cluster in words: what each brought, and who was lost."""

from collections.abc import Iterable, Sequence

from anyunix.results.model import Matrix, WorkerResult
from anyunix.run.matrix import LOST, REFUSED
from anyunix.text import first_line

SHOWN = 8
"""Workers that a line names; the page and matrix.json have all of them."""


def worker_lines(matrix: Matrix) -> list[str]:
    """`ran on 2 workers: w1 on amber (12 cells), w2 on birch (1 cell)`, and a line for each way to be lost.

    Nothing where there was no cluster.
    """
    if not matrix.workers:
        return []
    names = [f"{first_line(each.name)} ({counted(each.cells, 'cell')})" for each in _taken(matrix.workers)]
    left: dict[str, list[str]] = {}
    for worker in [each for each in matrix.workers if each.left]:
        why = first_line(worker.left)
        left.setdefault(why if why.startswith(REFUSED) else LOST + why, []).append(first_line(worker.name))
    return [
        f"ran on {counted(len(names), 'worker')}: {_shortened(names)}",
        *(
            f"{why.partition(': ')[0]}: {_shortened(several)}: {why.partition(': ')[2]}"
            for why, several in left.items()
        ),
    ]


def lost_ones(workers: Iterable[WorkerResult]) -> list[WorkerResult]:
    """Those that left before all cells had run."""
    return [worker for worker in _taken(workers) if worker.left]


def _taken(workers: Iterable[WorkerResult]) -> list[WorkerResult]:
    """Those that were not refused from the first."""
    return [worker for worker in workers if not worker.left.startswith(REFUSED)]


def how_many(workers: Sequence[WorkerResult]) -> str:
    """`4 workers, 1 lost`."""
    lost = len(lost_ones(workers))
    return counted(len(_taken(workers)), "worker") + (f", {lost} lost" if lost else "")


def counted(number: int, thing: str) -> str:
    """`1 cell`, `2 cells`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
