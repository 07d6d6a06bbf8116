"""Progress of `anyunix mutation`: one line that changes on a terminal, a line now and then elsewhere."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.status import Status

from anyunix.results.model import CellResult
from anyunix.run.cell import Cell
from anyunix.run.matrix import is_lost
from anyunix.text import first_line

LINE_SECONDS = 10.0


@dataclass(frozen=True)
class CountingWatcher:
    """Counts the cells of a pool. A Watcher."""

    counter: "CellCounter"

    def begins(self, cells: Sequence[Cell]) -> None:
        """Counted at their end."""

    def says(self, cell: Cell, text: str) -> None:
        self.counter.says(cell.platform.name, text)

    def done(self, cell: Cell, result: CellResult) -> None:
        self.counter.done()

    def works(self, worker: str, text: str) -> None:
        if is_lost(text):
            self.counter.prints(f"{worker}: {text}")


class CellCounter:
    """Counts the cells that are done."""

    def __init__(self, console: Console, cells: int) -> None:
        self._console, self._cells, self._done = console, cells, 0
        self._lock, self._last = threading.Lock(), time.monotonic()
        self._status = Status("", console=console) if console.is_terminal else None

    def __enter__(self) -> "CellCounter":
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def says(self, platform: str, text: str) -> None:
        if self._status:
            self._status.update(f"{self._done} of {self._cells}: {platform}: {text}")

    def prints(self, text: str) -> None:
        """A line that stays."""
        self._console.print(first_line(text), soft_wrap=True)

    def done(self) -> None:
        """One more is."""
        with self._lock:
            self._done += 1
            now = time.monotonic()
            if self._status is None and (now - self._last >= LINE_SECONDS or self._done == self._cells):
                self._last = now
                self._console.print(f"{self._done} of {self._cells} cells are done", soft_wrap=True)
