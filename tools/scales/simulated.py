"""Simulated cells: no suite runs, no platform is started. A worker answers with a made-up result, at once or after the
seconds that the cell's bind mode names, so that what is left to measure is the cluster itself.
"""

import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from anyunix.catalog.lookup import Catalog
from anyunix.cluster.answer_message import CellAnswer, encode_answer
from anyunix.cluster.order_message import read_order
from anyunix.cluster.shared_key import MARK
from anyunix.results.model import Artifacts, CellId, CellResult
from anyunix.run.cell import Cell

SIGMA = 1.0
"""Of log-normal times: one cell in 40 takes seven times as long as the median, one in 700 twenty times."""
SEED = 19
PLATFORMS = 20
"""Over which simulated cells are dealt."""


def answer_simulated(data: bytes, subject: bytes, suite: bytes) -> bytes:
    """The task, in the place of run_cell."""
    order = read_order(data[MARK:])
    time.sleep(seconds_of(order.bind))
    return encode_answer(
        CellAnswer(CellResult(order.subject.name, str(order.platform["name"]), order.bind, "ran", "simulated"))
    )


def simulated_cells(catalog: Catalog, seconds: Sequence[float]) -> list[Cell]:
    """One cell for each time."""
    subject, local = catalog.subject("c"), catalog.platform("local")
    platforms = [replace(local, name=f"local+simulated-{number}") for number in range(PLATFORMS)]
    return [
        Cell(subject, platforms[number % PLATFORMS], f"simulated-{number}@{each:.4f}")
        for number, each in enumerate(seconds)
    ]


def seconds_of(bind: str) -> float:
    """How long the simulated cell takes."""
    return float(bind.partition("@")[2])


def times_of(cells: Sequence[Cell]) -> Mapping[CellId, float]:
    """What an earlier run would know of them."""
    return {cell.id: seconds_of(cell.bind) for cell in cells}


def log_normal(number: int, mean: float) -> list[float]:
    """So many times with this mean, the same in each run."""
    chance = random.Random(SEED)
    return [chance.lognormvariate(math.log(mean) - SIGMA**2 / 2, SIGMA) for _ in range(number)]


class Tally:
    """Watches and keeps: how often the cells' results came, and how often one ran again."""

    def __init__(self) -> None:
        self.kept: list[CellId] = []
        self.done_cells = 0
        self.again = 0
        self.lost = 0
        self.broken = 0
        """Results without an answer."""

    def begins(self, cells: Sequence[Cell]) -> None:
        """Not counted."""

    def says(self, cell: Cell, text: str) -> None:
        self.again += text.startswith("runs again")

    def works(self, worker: str, text: str) -> None:
        self.lost += text.startswith("lost")

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        self.kept.append(result.id)

    def done(self, cell: Cell, result: CellResult) -> None:
        self.done_cells += 1
