"""The history of several runs on a terminal: a row for each contract that changed, a column for each run."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.analysis.history import Came, History, PastRun, Track
from anyunix.report.terminal import WIDTH
from anyunix.text import safe

MARKS: dict[Came, tuple[str, str]] = {
    "kept": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "flaky": ("~", "bold red"),
    "accepted": ("(✗)", "yellow"),
    "not tried": ("–", "dim"),
}
"""Sign and style."""
COLUMN, NAMED = 7, 52
"""Characters of a run's column, and of what stands before the first."""


def print_history(console: Console, history: History) -> None:
    """The newest runs, as many as fit, and a summary last."""
    width = min(WIDTH, console.width)
    first = max(0, len(history.runs) - max(1, (width - NAMED) // COLUMN))
    if history.tracks:
        console.print(_table(history, first), width=width)
    for number, run in enumerate(history.runs):
        if run.other_suite:
            text = f"{_at(run)}: other probes than in the run before"
            console.print(Text(text, "yellow"), soft_wrap=not console.is_terminal)
        if number < first:
            text = f"{_at(run)}: no room for its column; index.html has it"
            console.print(Text(text, "dim"), soft_wrap=not console.is_terminal)
    console.print(Text(summary(history), "bold"), soft_wrap=not console.is_terminal)


def summary(history: History) -> str:
    """`history of 3 runs, 2026-11-01 to 2026-11-28: 2 red now that were kept, 1 mended, 0 always red`."""
    red = sum(track.red for track in history.tracks)
    days = f"{history.runs[0].day} to {history.runs[-1].day}" if history.runs else "none"
    return (
        f"history of {len(history.runs)} runs, {days}: {red} red now that were kept, "
        f"{len(history.tracks) - red} mended, {history.always_red} always red"
    )


def turned(history: History, track: Track) -> str:
    """`red since 2026-11-28 17:06`, and when it was tried last, if the newest run did not."""
    since, last = history.runs[track.since], history.runs[track.last]
    words = f"{'red' if track.red else 'kept'} since {_at(since)}"
    return words if last is history.runs[-1] else f"{words}, not tried after {_at(last)}"


def _at(run: PastRun) -> str:
    return f"{run.day} {run.time}".rstrip()


def _table(history: History, first: int) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title_justify="left", title_style="bold")
    table.title = "What became of contracts that did not always fare the same"
    table.add_column("contract", overflow="fold", ratio=1)
    for run in history.runs[first:]:
        table.add_column(f"{run.day[-5:]}\n{run.time}", justify="center", no_wrap=True)
    for track in history.tracks:
        name = f"{track.probe.partition('/')[0]}/{track.probe.partition('::')[2]}"
        head = Text(safe(name), "bold red" if track.red else "")
        head.append(safe(f"\n  {track.where}\n  {turned(history, track)}"), "not bold dim")
        table.add_row(head, *(Text(*MARKS[each]) for each in track.came[first:]))
    return table
