"""What a run ends with on a terminal: 100 columns, safe to print, the last line the answer."""

import dataclasses
import io
import re

import pytest
import yaml
from rich.console import Console

from anyunix.analysis.verdict import judge
from anyunix.report.kinds import TO_PASTE
from anyunix.report.terminal import WIDTH, print_overall, print_report
from anyunix.results.cause_model import Cause
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe
from example_matrix import example


def printed(matrix: Matrix, width: int = WIDTH) -> str:
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, highlight=False)
    print_report(console, matrix, "out")
    print_overall(console, matrix)
    return buffer.getvalue()


def test_terminal_fits_100_columns_and_names_file_and_line() -> None:
    text = printed(example())
    head = text.split("Details:")[0]
    assert max(map(len, head.splitlines())) <= 100
    assert "FAILED chat/test_y.py:9 test_b" in text
    assert "on alpine-v6only c dual" in text
    assert "not run: absent: no engine" in text
    assert "ERROR: broken c dual: died" in text
    assert text.rstrip().splitlines()[-1].startswith("anyunix: not portable: c dual")


def test_what_a_platform_says_cannot_steer_the_terminal() -> None:
    text = printed(example())
    assert "<script>" in text
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) == []
    assert "\u202e" not in text


def test_the_cause_is_the_first_thing_under_a_failure() -> None:
    matrix = example()
    cell = matrix.cells[1]
    cause = Cause((), 3, reference="debian", note="flaky: with a switched on it failed 1 of 3 times")
    probes = tuple(dataclasses.replace(probe, cause=cause) if probe.bad else probe for probe in cell.probes)
    text = printed(
        dataclasses.replace(
            matrix, cells=(matrix.cells[0], dataclasses.replace(cell, probes=probes), *matrix.cells[2:])
        )
    ).splitlines()
    place = text.index("  on alpine-v6only c dual")
    said = "no cause by experiment (3 runs): flaky: with a switched on it failed 1 of 3 times."
    assert " ".join(text[place + 1 : place + 3]).strip().startswith(said[:60])


def test_processes_that_outlived_their_cell_are_named() -> None:
    matrix = example()
    cell = dataclasses.replace(matrix.cells[0], left_behind=("pid 7 nginx -g daemon on;",))
    text = printed(dataclasses.replace(matrix, cells=(cell, *matrix.cells[1:])))
    assert f"left behind on {cell.name}, and ended: pid 7 nginx -g daemon on;" in text


def test_what_takes_broken_promises_back_can_be_pasted() -> None:
    """Whole lines, however narrow the terminal is, that are YAML."""
    broken = Probe("signals/test_x.py::test_ends", "contract", "failed", promises=("sigterm",))
    cells = (CellResult("my", "a", "default", "ran", probes=(broken,)),)
    matrix = judge(Matrix((PlatformResult("a", "", "local", "ran"),), cells, "a"))
    printed_whole = printed(matrix, 60).partition(f"{TO_PASTE}:\n")[2].splitlines()[:2]
    assert yaml.safe_load("\n".join(printed_whole)) == {"promises": {"sigterm": "alone"}}


@pytest.mark.parametrize("width", [40, 60, 72, 80, 96, 100])
def test_the_matrix_fits_whatever_the_width_and_nothing_of_it_is_cut(width: int) -> None:
    """Columns drop by what they say; a platform's name and what was kept are always there."""
    text = printed(example(), width).split("not run: ")[0]
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "alpine-v6only" in text
    assert ("1/2 ✗" if width <= 60 else "0/1 ✗") in text
    assert ("time" in text) == (width >= 80)
    assert ("\n   c dual" in text) == (width in (40, 72, 80))
    assert "out" in text


@pytest.mark.parametrize("width", [60, 80])
def test_the_whole_report_fits_a_narrow_terminal(width: int) -> None:
    """Long words of platforms are broken; lines, between words."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, highlight=False, force_terminal=True, no_color=True)
    print_report(console, example(), "out")
    print_overall(console, example())
    shown = re.sub(r"\x1b\[[0-9;]*m", "", buffer.getvalue())
    assert max(map(len, shown.splitlines())) <= width


def test_no_color_is_obeyed_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org; bold is no colour."""
    for value, coloured in (("1", False), ("", True)):
        monkeypatch.setenv("NO_COLOR", value)
        monkeypatch.setenv("TERM", "xterm-256color")
        buffer = io.StringIO()
        print_report(Console(file=buffer, force_terminal=True), example(), "out")
        assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", buffer.getvalue())) == coloured
