"""A likeness is called one wherever a run is reported, and counted apart."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from anyunix.analysis.verdict import judge
from anyunix.report import html, markdown
from anyunix.report.kinds import overall, where
from anyunix.report.likeness_lines import likeness_lines
from anyunix.report.terminal import print_report
from anyunix.results.likeness_model import Likeness
from anyunix.results.matrix_file import encode, read_matrix
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe

HOW = "23 documented differences of FreeBSD"


@pytest.fixture
def matrix() -> Matrix:
    """A platform and a likeness in which all is kept, the likeness first."""
    kept = Probe("binding/test_x.py::test_a", "contract", "passed", line=3)
    platforms = (
        PlatformResult("like-freebsd", "t", "netns", "ran", emulates=HOW, like="freebsd", differences=("x",)),
        PlatformResult("local", "t", "local", "ran"),
    )
    cells = tuple(CellResult("c", name, "dual", "ran", probes=(kept,)) for name in ("like-freebsd", "local"))
    score = Likeness("like-freebsd", "FreeBSD 14.0", True, ("a.x",), ("a.y",))
    return judge(Matrix(platforms, cells, "local", likenesses=(score,)))


def test_a_server_is_portable_under_a_likeness_and_not_on_it(matrix: Matrix) -> None:
    assert where(matrix.verdicts[0]) == " on local, and under the likeness like-freebsd"


def test_likenesses_are_counted_apart(matrix: Matrix) -> None:
    assert overall(matrix) == "anyunix: portable: c dual (1 platform and 1 likeness ran, 0 not run or incomplete)"
    several = replace(matrix.platforms[0], name="like-openbsd", like="openbsd")
    cells = (*matrix.cells, replace(matrix.cells[0], platform="like-openbsd"))
    more = judge(replace(matrix, platforms=(*matrix.platforms, several), cells=cells))
    assert "1 platform and 2 likenesses ran" in overall(more)


def test_likenesses_alone_are_no_platform(matrix: Matrix) -> None:
    alone = judge(replace(matrix, platforms=matrix.platforms[:1], cells=matrix.cells[:1], reference="like-freebsd"))
    assert "(1 likeness ran, " in overall(alone)


def test_a_run_without_any_says_nothing_of_them(matrix: Matrix) -> None:
    plain = judge(replace(matrix, platforms=matrix.platforms[1:], cells=matrix.cells[1:], likenesses=()))
    assert "likeness" not in overall(plain) + markdown.render(plain)
    assert likeness_lines(plain) == []
    assert 'class="kinds"' not in html.render(plain)


def test_the_terminal_and_markdown_say_how_like_it_is(matrix: Matrix) -> None:
    console = Console(file=io.StringIO(), width=100)
    print_report(console, matrix, "out")
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    for text in (printed, markdown.render(matrix)):
        assert HOW in text
        assert "1 of the 2 facts in which FreeBSD 14.0" in text
        assert "not emulated: a.y" in text
    assert "| like-freebsd (likeness) |" in markdown.render(matrix)


def test_the_page_has_its_column_behind_the_platforms_under_a_heading(matrix: Matrix) -> None:
    page = html.render(matrix)
    head = page[page.index('class="kinds"') : page.index("</thead>")]
    assert re.findall(r'colspan="(\d)"[^>]*>(\w+)', head) == [("1", "platforms"), ("1", "likenesses")]
    assert head.index(">local") < head.index(">like-freebsd")
    assert HOW in page


def test_it_is_in_matrix_json(matrix: Matrix, tmp_path: Path) -> None:
    file = tmp_path / "matrix.json"
    file.write_bytes(encode(matrix))
    again = read_matrix(file)
    assert (again.platforms[0].like, again.platforms[0].differences) == ("freebsd", ("x",))
    assert again.likenesses == matrix.likenesses
    assert again.verdicts[0].likenesses == ("like-freebsd",)
