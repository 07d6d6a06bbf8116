"""What goes on while cells run: a table that changes in place on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from anyunix.report.live_rows import LiveRows, summary
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell
from anyunix.run.matrix import is_lost
from anyunix.text import first_line

LINE_SECONDS = 5.0
"""Without a terminal a cell says something at most this often, so that logs stay readable."""


def watcher_on(console: Console) -> "LiveTable | PlainLines":
    """Whoever shows on this console what goes on, while it is entered."""
    return LiveTable(console) if console.is_terminal else PlainLines(console)


class PlainLines:
    """One line when a cell begins, one when it ends, and now and then one between."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._last: dict[str, float] = {}
        self._lost: dict[str, bool] = {}

    def __enter__(self) -> "PlainLines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def begins(self, cells: Sequence[Cell]) -> None:
        """Each has a line when it does."""

    def says(self, cell: Cell, text: str) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._last.get(cell.name, -LINE_SECONDS) >= LINE_SECONDS:
                self._last[cell.name] = now
                self._print(cell.name, text)

    def done(self, cell: Cell, result: CellResult) -> None:
        if not cell.platform.options.runs:
            return  # nobody expected it to run
        with self._lock:
            self._print(cell.name, summary(result))

    def works(self, worker: str, text: str) -> None:
        """Who joins and who is lost: what else a worker does, the lines of its cells tell."""
        with self._lock:
            lost = is_lost(text)
            if self._lost.get(worker) is not lost:
                self._lost[worker] = lost
                self._print(first_line(worker), text if lost else "joined")

    def _print(self, who: str, text: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(Text(f"[{seconds:6.1f} s] {who}: {first_line(text)}"), soft_wrap=True)


class LiveTable:
    """The workers, and below them the cells that are under way and those that ended last; never higher than the
    terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._rows = LiveRows()
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._shown, transient=True)

    def __enter__(self) -> "LiveTable":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def begins(self, cells: Sequence[Cell]) -> None:
        with self._lock:
            self._rows.begin(sum(cell.platform.options.runs for cell in cells))

    def says(self, cell: Cell, text: str) -> None:
        with self._lock:
            self._rows.says(cell.name, text)

    def done(self, cell: Cell, result: CellResult) -> None:
        if cell.platform.options.runs:
            with self._lock:
                self._rows.done(cell.name, result)

    def works(self, worker: str, text: str) -> None:
        with self._lock:
            self._rows.works(worker, text)

    def _shown(self) -> Group:
        width, height = self._console.size
        with self._lock:
            return Group(*self._rows.lines(width, height - 1))  # one less: so that nothing scrolls away
