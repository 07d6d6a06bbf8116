"""What is shown while cells run: on a terminal never more than it holds, elsewhere a line for what is new."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.documented import DocumentedOptions
from anyunix.drivers.local import LocalOptions
from anyunix.report.live import LiveTable, PlainLines, watcher_on
from anyunix.report.live_rows import summary
from anyunix.results.model import CellResult, Probe, Status
from anyunix.run.cell import Cell
from anyunix.run.matrix import IDLE, LOST
from screen import Screen

LOST_ONE = f"{LOST}it answers no longer; its cells run elsewhere"


@pytest.fixture
def cell(subject: Subject) -> Callable[..., Cell]:
    def make(name: str, *, runs: bool = True) -> Cell:
        options = LocalOptions() if runs else DocumentedOptions()
        return Cell(subject, Platform(name, name, options), "default")

    return make


def result(cell: Cell, status: Status = "ran", reason: str = "") -> CellResult:
    outcome = "failed" if reason and status == "ran" else "passed"
    return CellResult(
        "tiny", cell.platform.name, "default", status, reason, probes=(Probe("a/b", "contract", outcome),)
    )


def terminal(width: int, height: int) -> Console:
    return Console(file=io.StringIO(), width=width, height=height, force_terminal=True, no_color=True)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def screen_of(console: Console) -> Screen:
    """As it was before all was taken away at the end."""
    screen = Screen()
    screen.write(written(console).partition("\x1b[?25h")[0])
    return screen


def test_a_row_a_cell_and_how_many_have_ended(cell: Callable[..., Cell]) -> None:
    console = terminal(80, 24)
    cells = [cell(name) for name in ("debian", "alpine", "local", "netbsd")]
    with watcher_on(console) as table:
        table.begins([*cells, cell("freebsd", runs=False)])
        table.says(cells[0], "building\nthe server")
        table.says(cells[1], "12% of the probes")
        table.done(cells[0], result(cells[0]))
        table.says(cells[2], "starting")
        table.done(cells[2], result(cells[2], "error", "died"))
        table.done(cell("freebsd", runs=False), result(cell("freebsd"), "not-run", "known from its manuals only"))
    assert screen_of(console).shown == [
        "2 of 4 cells ended: 1 error",
        "debian tiny default  ran in 0.0 s: 1 contracts passed",
        "local tiny default   error: died",
        "alpine tiny default  12% of the probes",
    ]


def test_one_cell_alone_needs_no_count(cell: Callable[..., Cell]) -> None:
    console = terminal(80, 24)
    with LiveTable(console) as table:
        table.begins([cell("local")])
        table.says(cell("local"), "starting")
    assert screen_of(console).shown == ["local tiny default  starting"]


def test_a_cell_that_runs_again_is_under_way_again(cell: Callable[..., Cell]) -> None:
    console = terminal(80, 24)
    with LiveTable(console) as table:
        for text in ("starting", "starting, once more"):
            table.begins([cell("local")])
            table.says(cell("local"), text)
            if text == "starting":
                table.done(cell("local"), result(cell("local")))
    assert screen_of(console).shown == [
        "1 of 2 cells ended",
        "local tiny default  ran in 0.0 s: 1 contracts passed",
        "local tiny default  starting, once more",
    ]


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("height", [5, 12, 24])
def test_hundreds_of_cells_and_dozens_of_workers_fit_the_terminal(
    cell: Callable[..., Cell], width: int, height: int
) -> None:
    """No line is longer than the terminal is wide, and none scrolls away: the view could not be redrawn."""
    console = terminal(width, height)
    cells = [cell(f"platform-with-a-long-name-{number}") for number in range(300)]
    with LiveTable(console) as table:
        table.begins(cells)
        for number in range(40):
            doing = f"{cells[number].name}: {number}% of the probes" if number % 2 else IDLE
            table.works(f"w{number} on a-host-with-a-long-name.example", doing)
        for number, each in enumerate(cells[:250]):
            table.says(each, "running the suite " * 9)
            if number < 210:
                table.done(each, result(each, reason="x" if number % 7 == 0 else ""))
    screen = screen_of(console)
    assert screen.highest <= height
    assert max(map(len, screen.shown)) <= width
    assert screen.shown[0] == "40 workers"
    (heading,) = (line for line in screen.shown if "cells ended" in line)
    assert heading == "210 of 300 cells ended: 30 failed"


def test_where_there_is_no_room_for_all_it_is_told_how_many_more_there_are(cell: Callable[..., Cell]) -> None:
    console = terminal(80, 13)
    with LiveTable(console) as table:
        for number in range(9):
            table.works(f"w{number}", IDLE if number < 4 else "busy")
            table.says(cell(f"p{number}"), "building")
    assert screen_of(console).shown == [
        "9 workers",
        *(f"w{number}               busy" for number in (5, 6, 7, 8)),
        "                 and 5 more",
        "0 of 9 cells ended",
        *(f"p{number} tiny default  building" for number in (0, 1, 2, 3)),
        "                 and 5 more",
    ]


def test_of_many_workers_those_that_work_are_shown_then_the_last_that_were_lost() -> None:
    console = terminal(80, 16)
    with LiveTable(console) as table:
        for number in range(30):
            table.works(f"w{number}", "busy" if number in (0, 17) else IDLE if number < 20 else LOST_ONE)
    assert [line.split()[0] for line in screen_of(console).shown] == ["30", "w0", "w17", "w27", "w28", "w29", "and"]


def test_those_that_ended_last_fill_the_rest(cell: Callable[..., Cell]) -> None:
    console = terminal(80, 6)
    with LiveTable(console) as table:
        for number in range(9):
            table.says(cell(f"p{number}"), "building")
            if number < 8:
                table.done(cell(f"p{number}"), result(cell(f"p{number}")))
    assert [line.split()[0] for line in screen_of(console).shown] == ["8", "p5", "p6", "p7", "p8"]


def test_a_lost_worker_is_red_and_counted() -> None:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system="standard")
    with LiveTable(console) as table:
        table.works("w1 on amber", "local c dual: 12% of the probes")
        table.works("w2 on amber", IDLE)
        table.works("w2 on amber", LOST_ONE)
    assert screen_of(console).shown == [
        "2 workers, 1 lost",
        "w1 on amber  local c dual: 12% of the probes",
        f"w2 on amber  {LOST_ONE}",
    ]
    assert f"\x1b[31m{LOST_ONE}" in written(console)
    assert "\x1b[1;31m1 lost" in written(console)


@pytest.mark.parametrize("kind", [LiveTable, PlainLines])
def test_what_workers_say_cannot_steer_the_terminal(
    kind: type[LiveTable | PlainLines], cell: Callable[..., Cell]
) -> None:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=kind is LiveTable, no_color=True)
    with kind(console) as watcher:
        watcher.works("w1\x9b2J\x1b]0;x\x07 [bold]", "lost: \x1b[2Jgone\x9b31m\r\u202e [red]")
        watcher.says(cell("local"), "\x1b[2J[red]hello")
    assert "[bold]" in written(console)
    assert "[red]hello" in written(console)
    for steering in ("\x1b[2J", "\x9b", "\x1b]", "\x07", "\u202e"):
        assert steering not in written(console)


def test_plain_lines_tell_who_joins_and_who_is_lost_and_each_cell_once(cell: Callable[..., Cell]) -> None:
    console = Console(file=io.StringIO(), width=40)
    local = cell("local")
    with watcher_on(console) as lines:
        lines.begins([local])
        lines.works("w1 on amber", IDLE)
        lines.works("w1 on amber", f"{local.name}: starting")
        lines.says(local, "starting")
        lines.works("w1 on amber", LOST_ONE)
        lines.works("w1 on amber", LOST_ONE)
        lines.works("w2 on birch", f"{local.name}: starting")
        lines.works("w1 on amber", IDLE)
        lines.done(local, result(local))
    assert [line.partition("] ")[2] for line in written(console).splitlines()] == [
        "w1 on amber: joined",
        "local tiny default: starting",
        f"w1 on amber: {LOST_ONE}",
        "w2 on birch: joined",
        "w1 on amber: joined",
        "local tiny default: ran in 0.0 s: 1 contracts passed",
    ]


def test_a_cell_says_little_in_plain_lines(cell: Callable[..., Cell]) -> None:
    """Nothing at all where nobody expected it to run."""
    console = Console(file=io.StringIO(), width=80)
    local, absent = cell("local"), cell("freebsd", runs=False)
    with PlainLines(console) as lines:
        for percent in range(100):
            lines.says(local, f"{percent}% of the probes")
        lines.done(absent, result(absent, "not-run", "known from its manuals only"))
    assert written(console).count("\n") < 50
    assert "0% of the probes" in written(console)
    assert "freebsd" not in written(console)


def test_how_a_cell_ended_is_one_line(cell: Callable[..., Cell]) -> None:
    local = cell("local")
    assert summary(result(local, "not-run", "no engine\nat all")) == "not run: no engine"
    assert summary(result(local, reason="x")) == "ran in 0.0 s: 0 contracts passed, 1 FAILED"
