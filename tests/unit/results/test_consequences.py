"""Failures that only follow from another one: found in a real cell, and shown under their cause."""

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from anyunix.analysis.verdict import judge
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.report import markdown
from anyunix.report.github import annotations
from anyunix.report.html import render
from anyunix.report.terminal import WIDTH, print_report
from anyunix.results.consequences import by_cause, resolve
from anyunix.results.model import CellResult, Matrix, Outcome, PlatformResult, Probe
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.planned import collect

CAUSE, OTHER, THIRD = "g/test_x.py::test_cause", "g/test_x.py::test_other[a b]", "g/test_x.py::test_third"
NAMES = """
import pytest, sys

class Names:
    def pytest_collection_finish(self, session):
        print("names", [name for item in session.items for mark in item.iter_markers("follows_from")
                        for name in mark.args])

sys.exit(pytest.main(["--collect-only", "-q", "-c", "pytest.ini", "--rootdir=.", "."], plugins=[Names()]))
"""


def probe(name: str, outcome: Outcome = "failed", *causes: str) -> Probe:
    return Probe(name, "contract", outcome, f"E   {name} broke", line=7, consequence_of=causes)


def follows(*probes: Probe) -> list[str]:
    return [each.follows_from for each in resolve(probes)]


@pytest.mark.parametrize(
    ("probes", "found"),
    [
        ((probe(CAUSE), probe(OTHER, "failed", CAUSE)), ["", CAUSE]),
        ((probe(CAUSE, "error"), probe(OTHER, "failed", THIRD, CAUSE)), ["", CAUSE]),
        ((probe(CAUSE, "passed"), probe(OTHER, "failed", CAUSE)), ["", ""]),
        ((probe(CAUSE, "skipped"), probe(OTHER, "failed", CAUSE)), ["", ""]),
        ((probe(CAUSE), probe(OTHER, "passed", CAUSE)), ["", ""]),
        ((probe(CAUSE, "flaky"), probe(OTHER, "failed", CAUSE), probe(THIRD, "flaky", CAUSE)), ["", "", CAUSE]),
        ((probe(THIRD, "failed", OTHER), probe(OTHER, "failed", CAUSE), probe(CAUSE)), [CAUSE, CAUSE, ""]),
        ((probe(CAUSE, "failed", OTHER), probe(OTHER, "failed", CAUSE), probe(THIRD, "failed", THIRD)), ["", "", ""]),
    ],
)
def test_a_failure_follows_from_the_first_of_a_chain(probes: tuple[Probe, ...], found: list[str]) -> None:
    assert follows(*probes) == found


def test_the_suite_says_it_and_the_cell_finds_it(
    subject: Subject, local: Platform, make_suite: Callable[[str], Path]
) -> None:
    suite = make_suite('''
import pytest
from support.marks import follows_from

@pytest.mark.parametrize("family", ["one family"])
def test_cause(family):
    """A contract that is not kept."""
    assert not family

@follows_from("group/test_probes.py::test_other", "group/test_probes.py::test_cause[one family]")
def test_consequence(subject):
    """Nor is this one."""
    assert not subject

def test_other(subject):
    """One that is."""
''')
    result = CellRun(Cell(subject, local, "default"), LocalDriver(), SuiteOptions(suite), lambda text: None).run()
    assert {each.name: each.follows_from for each in result.probes} == {
        "test_cause[one family]": "",
        "test_consequence": "group/test_probes.py::test_cause[one family]",
        "test_other": "",
    }


def test_the_suite_names_contracts_that_there_are(catalog: Catalog) -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", NAMES], cwd=catalog.suite, capture_output=True, text=True, timeout=60, check=True
    )
    named = next(line for line in done.stdout.splitlines() if line.startswith("names "))
    planned = collect(catalog.suite)
    assert "test_a_client_on_ipv4_loopback_is_served" in named
    assert [name for name in named[8:-2].split("', '") if name not in planned] == []


def example() -> Matrix:
    """Two cells break the other contract; only on the first one it follows from the cause."""
    cells = (
        CellResult("c", "p", "dual", "ran", probes=resolve((probe(OTHER, "failed", CAUSE), probe(CAUSE)))),
        CellResult("c", "q", "dual", "ran", probes=resolve((probe(OTHER, "failed", CAUSE), probe(CAUSE, "passed")))),
        CellResult("c", "r", "dual", "ran", probes=(probe(OTHER, "passed"), probe(CAUSE, "passed"))),
    )
    platforms = tuple(PlatformResult(cell.platform, cell.platform, "local", "ran") for cell in cells)
    return judge(Matrix(platforms, cells, "p"))


def test_a_consequence_stands_under_its_cause_on_the_terminal() -> None:
    buffer = io.StringIO()
    print_report(Console(file=buffer, width=WIDTH, highlight=False), example(), "out")
    assert """\
FAILED g/test_x.py:7 test_cause
  on p c dual
  g/test_x.py::test_cause broke
  from this follows test_other[a b], on p c dual
FAILED g/test_x.py:7 test_other[a b]
  on q c dual
""" in buffer.getvalue()


def test_pages_and_annotations_say_what_it_follows_from() -> None:
    page = markdown.render(example())
    assert "<b>test_other&#91;a b&#93;</b> on p c dual: follows from <b>test_cause</b>" in page
    assert "<b>test_other&#91;a b&#93;</b> on q c dual</summary>" in page
    whole = render(example())
    assert whole.count('Follows from <a href="#f1">Cause.</a>') == 1
    assert whole.index('id="f1"') < whole.index('Follows from <a href="#f1">')
    assert not any("follows from" in line for line in annotations(example()))  # not everywhere
    first = replace(example(), cells=example().cells[:1])
    assert any("test_other" in line and line.endswith("follows from test_cause") for line in annotations(first))


def test_a_matrix_that_names_no_failure_as_the_cause_hides_none() -> None:
    lost = Probe(OTHER, "contract", "failed", follows_from="g/nowhere.py::test")
    matrix = Matrix((), (CellResult("c", "p", "dual", "ran", probes=(lost,)),), "p")
    assert [(cases[0][1].id, following) for cases, following in by_cause(matrix)] == [(OTHER, [])]
