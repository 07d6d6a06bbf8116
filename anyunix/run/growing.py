"""matrix.json while a run goes on: what is there already, and that the rest is not."""

import threading
from collections.abc import Callable, Sequence

from anyunix.report.out_folder import OutFolder
from anyunix.results.model import Artifacts, CellResult, Matrix

NOT_ENDED = "the run was ended before this cell was"


class GrowingMatrix:
    """Keeps what each cell brings, and all results so far. A Keeper for run_cells; safe to use from many threads."""

    def __init__(
        self, out: OutFolder, planned: Sequence[CellResult], matrix_of: Callable[[Sequence[CellResult]], Matrix]
    ) -> None:
        """`planned` are the results that cells have until they end."""
        self._out, self._matrix_of = out, matrix_of
        self._lock = threading.Lock()
        self._results = {result.key: result for result in planned}

    def begin(self) -> None:
        """From now on the file is this run's: no older answer stands in its place."""
        with self._lock:
            self._write()

    def keep(self, result: CellResult, brought: Artifacts) -> None:
        self._out.keep(result, brought)
        with self._lock:
            self._results[result.key] = result
            self._write()

    def _write(self) -> None:
        self._out.write_matrix(self._matrix_of(list(self._results.values())))
