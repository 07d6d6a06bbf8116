"""Progress of an experiment, and the time that is left: a bar on a terminal, one line per run elsewhere."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

START_SECONDS = 1.4
"""What a run takes besides its own time until the first ones have shown it."""


class Watch:
    """Shows each run as it begins and ends."""

    def __init__(self, console: Console, runs: int, seconds: float) -> None:
        """So many runs, which measure for so many seconds each."""
        self._console, self._left, self._each = console, runs, seconds + START_SECONDS
        self._begun, self._done = time.monotonic(), 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=runs, left=self._time_left())

    def __enter__(self) -> "Watch":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begins(self, what: str) -> None:
        self._bar.update(self._task, description=what)

    def done(self, line: str, valid: bool) -> None:
        """A run in a line that is safe to print."""
        self._left -= 1
        self._done += 1
        self._each = (time.monotonic() - self._begun) / self._done
        self._bar.update(self._task, advance=1, left=self._time_left())
        self._console.print(Text(f"{line}; {self._time_left()}", "" if valid else "yellow"), soft_wrap=True)

    def _time_left(self) -> str:
        seconds = self._each * self._left
        return f"{seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"
