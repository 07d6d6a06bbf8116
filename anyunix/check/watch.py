"""The same servers again and again, until Ctrl-C: a table that changes in place, or a line for each change."""

import time
from collections.abc import Callable
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from anyunix.check.round_table import MARKS, STYLES, remark_lines, round_table, summary
from anyunix.check.rounds import Examined, Round


def watch(console: Console, look: Callable[[], Round], seconds: float, say: Callable[[Round], None]) -> int:
    """Look every so many seconds, counted from the beginning of a round. The exit status of the last whole round.

    On an interrupt `say` prints what was found last. Raises KeyboardInterrupt where there is nothing yet.
    """
    last: Round | None = None
    try:
        with _Live(console) if console.is_terminal else _Lines(console) as shown:
            while True:
                begun = time.monotonic()
                last = look()
                shown.show(last)
                time.sleep(max(0.0, begun + seconds - time.monotonic()))
    except KeyboardInterrupt:
        if last is None:
            raise
        say(last)
        return last.exit_status


class _Live:
    """On a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> "_Live":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, done: Round) -> None:
        last = Text(f"{summary(done)}, at {datetime.now():%T}; Ctrl-C ends")
        self._live.update(Group(round_table(self._console, done), *remark_lines(done), last), refresh=True)


class _Lines:
    """Elsewhere: all servers at first, then what changes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, str] = {}

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, done: Round) -> None:
        for each in done.examined:
            state = _state(each)
            if self._said.get(each.asked.label) != state:
                self._said[each.asked.label] = state
                line = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {each.asked.label}: {state}"
                self._console.print(Text(line, STYLES[each.severity]), soft_wrap=True)
        self._console.file.flush()


def _state(each: Examined) -> str:
    """What a change is one of: its severity, its sentences, who is served."""
    served = f"served: {each.check.found}" if each.check else "not looked at"
    return f"{MARKS[each.severity]} {'; '.join(remark.text for remark in each.remarks) or served}"
