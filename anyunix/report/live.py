"""What goes on while cells run: a table that changes in place on a terminal, plain lines elsewhere."""

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from anyunix.results.model import CellResult
from anyunix.run.cell import Cell
from anyunix.text import first_line

LINE_SECONDS = 5.0
"""Without a terminal a cell says something at most this often, so that logs stay readable."""


def summary(result: CellResult) -> str:
    """`ran in 12.3 s: 61 contracts passed, 2 failed, 40 facts` · `not run: no Docker engine …`"""
    if result.status != "ran":
        return f"{'not run' if result.status == 'not-run' else 'error'}: {first_line(result.reason)}"
    failed = f", {len(result.failures)} FAILED" if result.failures else ""
    facts = f", {len(result.facts)} facts" if result.facts else ""  # one cell of a platform measures for all
    return f"ran in {result.seconds:.1f} s: {len(result.kept())} contracts passed{failed}{facts}"


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

    def __enter__(self) -> "PlainLines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

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
        with self._lock:
            self._print(worker, text)

    def _print(self, who: str, text: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(Text(f"[{seconds:6.1f} s] {who}: {first_line(text)}"), soft_wrap=True)


class LiveTable:
    """A row a cell: what it does now, or how it ended."""

    def __init__(self, console: Console) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, Text] = {}
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._table, transient=True)

    def __enter__(self) -> "LiveTable":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def says(self, cell: Cell, text: str) -> None:
        with self._lock:
            self._texts[cell.name] = Text(first_line(text), "cyan", no_wrap=True, overflow="ellipsis")

    def done(self, cell: Cell, result: CellResult) -> None:
        if not cell.platform.options.runs:
            return
        style = "yellow" if result.status != "ran" else "red" if result.failures else "green"
        with self._lock:
            self._texts[cell.name] = Text(summary(result), style, no_wrap=True, overflow="ellipsis")

    def works(self, worker: str, text: str) -> None:
        with self._lock:
            self._texts[worker] = Text(first_line(text), "magenta", no_wrap=True, overflow="ellipsis")

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        with self._lock:
            for name, text in self._texts.items():
                table.add_row(Text(name), text)
        return table
