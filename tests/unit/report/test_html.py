"""The page as text: nothing in it that is unfit to show, and not too much."""

import re
from dataclasses import replace

from anyunix.analysis.history import history_of
from anyunix.report.html import render
from anyunix.results.model import Matrix, Probe
from large_page import large_matrix, long_logs
from page_matrix import HOSTILE, SERVED, example

SIZE_LIMIT = 3_000_000


def test_control_characters_reach_neither_page_nor_data() -> None:
    html = render(example(HOSTILE))
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", html) == []
    assert re.findall(r"\\u00[01]|\\u202e|\\ud800", html) == []
    html.encode()


def test_16000_results_stay_under_3_megabytes() -> None:
    matrix = large_matrix()
    assert sum(len(cell.probes) for cell in matrix.cells) == 16_000
    assert len(render(matrix, long_logs(matrix)).encode()) < SIZE_LIMIT


def test_a_page_without_failures_says_so_first() -> None:
    matrix = example()
    kept = tuple(cell for cell in matrix.cells if cell.bind == "dual")
    html = render(Matrix(matrix.platforms[:2], kept, "debian"))
    assert "Nothing failed: each of the 2 contracts that were tried was kept." in html
    assert '<a href="#facts">Facts that differ from debian</a>, or varied: 1.' in html
    assert html.index("Nothing failed") < html.index('id="matrix"')
    assert '<details class="part" open><summary><h2 id="facts-title">' in html


def test_nothing_tried_is_not_nothing_failed() -> None:
    assert "Nothing failed, but no contract was tried." in render(Matrix((), (), "debian"))


def test_a_history_is_a_row_a_contract_that_changed_and_a_column_a_run() -> None:
    old, new = replace(example(HOSTILE), started="2026-11-01T10:00:00+00:00"), example(HOSTILE)
    kept = tuple(replace(cell, probes=(Probe(SERVED, "contract", "passed"),)) for cell in old.cells)
    history = history_of([(HOSTILE, replace(old, cells=kept)), ("now", replace(new, started="2026-11-28T10:00:00"))])
    html = render(new, history=history)
    section = html[html.index('<section id="history"') :].partition("</section>")[0]
    assert "<script" not in section
    assert re.findall('<td data-came="([a-z]+)"', section) == ["kept", "failed", "kept", "accepted"]
    assert "alpine: c first · red since 2026-11-28 10:00" in section
    assert '<section id="history"' not in render(new)
