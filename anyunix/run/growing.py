"""The matrix while a run goes on: what is there already, and that the rest is not."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from anyunix.results.model import Artifacts, CellResult, Matrix
from anyunix.run.matrix import Keeper

NOT_ENDED = "the run was ended before this cell was"


class MatrixKeeper(Keeper, Protocol):
    """Whoever keeps what cells bring back, and the matrix as far as it is known."""

    def write_matrix(self, matrix: Matrix) -> None:
        """Called before the first cell and after each, never twice at a time; the newest matrix is the one to keep."""


class GrowingMatrix:
    """Keeps what each cell brings, and all results so far. A Keeper for run_cells; safe to use from many threads."""

    def __init__(
        self, keeper: MatrixKeeper, planned: Sequence[CellResult], matrix_of: Callable[[Sequence[CellResult]], Matrix]
    ) -> None:
        """`planned` are the results that cells have until they end."""
        self._keeper, self._matrix_of = keeper, matrix_of
        self._lock = threading.Lock()
        self._results = {result.key: result for result in planned}

    def begin(self) -> None:
        """From now on what is kept is this run's: no older answer stands in its place."""
        with self._lock:
            self._write()

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        self._keeper.keep(result, artifacts)
        with self._lock:
            self._results[result.key] = result
            self._write()

    def _write(self) -> None:
        self._keeper.write_matrix(self._matrix_of(list(self._results.values())))
