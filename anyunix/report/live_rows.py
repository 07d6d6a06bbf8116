"""What goes on, in as many lines as a terminal has: the workers, the cells that ended last, and those under way."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from anyunix.report.worker_lines import counted
from anyunix.results.model import CellResult
from anyunix.run.matrix import IDLE, is_lost
from anyunix.text import first_line, safe

KEPT = 200
"""Cells that have ended whose rows are remembered: more than a terminal has lines."""
LEAST = 4
"""Lines that are made use of, however low the terminal is."""
GAP = "  "
BUSY_STYLE, LOST_STYLE, IDLE_STYLE = WORKER_STYLES = "magenta", "red", "dim"
"""In this order workers are worth a line."""


def summary(result: CellResult) -> str:
    """`ran in 12.3 s: 61 contracts passed, 2 failed, 40 facts` · `not run: no Docker engine …`"""
    if result.status != "ran":
        return f"{'not run' if result.status == 'not-run' else 'error'}: {first_line(result.reason)}"
    failed = f", {len(result.failures)} FAILED" if result.failures else ""
    facts = f", {len(result.facts)} facts" if result.facts else ""  # one cell of a platform measures for all
    return f"ran in {result.seconds:.1f} s: {len(result.kept())} contracts passed{failed}{facts}"


@dataclass(frozen=True)
class LiveRow:
    """One worker or cell, and what it does or how it ended."""

    name: str
    text: str
    style: str

    def line(self, wide: int) -> Text:
        """`wide` columns for the name."""
        line = Text(self.name, no_wrap=True, overflow="ellipsis")
        line.truncate(wide, overflow="ellipsis", pad=True)
        return line.append(GAP).append(self.text, self.style)


class LiveRows:
    """What is known of workers and cells. For one thread at a time."""

    def __init__(self) -> None:
        self._workers: dict[str, LiveRow] = {}
        self._under_way: dict[str, LiveRow] = {}
        self._ended: deque[LiveRow] = deque(maxlen=KEPT)
        self._asked, self._came = 0, Counter[str]()

    def begin(self, cells: int) -> None:
        """So many more are to run."""
        self._asked += cells

    def says(self, cell: str, text: str) -> None:
        self._under_way[cell] = LiveRow(safe(cell), first_line(text), "cyan")

    def done(self, cell: str, result: CellResult) -> None:
        self._under_way.pop(cell, None)
        style = "yellow" if result.status != "ran" else "red" if result.failures else "green"
        self._ended.append(LiveRow(safe(cell), summary(result), style))
        self._came["failed" if result.status == "ran" and result.failures else result.status] += 1

    def works(self, worker: str, text: str) -> None:
        style = LOST_STYLE if is_lost(text) else IDLE_STYLE if text == IDLE else BUSY_STYLE
        self._workers[worker] = LiveRow(first_line(worker), first_line(text), style)

    def lines(self, width: int, height: int) -> list[Text]:
        """At most `height` lines, half of them for workers; each is to be cut at `width` columns."""
        room = max(LEAST, height)
        top: list[Text | LiveRow] = []
        if self._workers:
            workers = [*self._workers.values()]
            newest_first = sorted(reversed(workers), key=lambda row: WORKER_STYLES.index(row.style))
            top = [self._about_workers(), *_cut(workers, room // 2 - 1, newest_first)]
        if self._total > 1:
            top.append(self._about_cells())
        under_way = [*self._under_way.values()]
        under_way = _cut(under_way, room - len(top), under_way)
        left = room - len(top) - len(under_way)
        ended = [*self._ended][max(0, len(self._ended) - left) :]
        shown = [*top, *ended, *under_way]
        names = max((cell_len(row.name) for row in shown if isinstance(row, LiveRow)), default=0)
        wide = min(names, width // 2)
        return [row.line(wide) if isinstance(row, LiveRow) else row for row in shown]

    @property
    def _total(self) -> int:
        """Cells; whoever runs them need not have told beforehand."""
        return max(self._asked, self._came.total() + len(self._under_way))

    def _about_workers(self) -> Text:
        lost = sum(row.style == LOST_STYLE for row in self._workers.values())
        heading = _heading(counted(len(self._workers), "worker"))
        return heading.append(", ").append(f"{lost} lost", f"bold {LOST_STYLE}") if lost else heading

    def _about_cells(self) -> Text:
        heading, before = _heading(f"{self._came.total()} of {self._total} cells ended"), ": "
        for word, style in (("failed", "red"), ("error", "yellow"), ("not-run", "yellow")):
            if number := self._came[word]:
                told = counted(number, word) if word == "error" else f"{number} {word.replace('-', ' ')}"
                heading.append(before).append(told, f"bold {style}")
                before = ", "
        return heading


def _heading(words: str) -> Text:
    return Text(words, "bold", no_wrap=True, overflow="ellipsis")


def _cut(rows: list[LiveRow], room: int, by_worth: Sequence[LiveRow]) -> list[LiveRow]:
    """As many as there is room for, the first ones of `by_worth`, in their own order."""
    if len(rows) <= room:
        return rows
    kept = [*by_worth][: max(0, room - 1)]
    return [*(row for row in rows if row in kept), LiveRow("", f"and {len(rows) - len(kept)} more", "dim")]
