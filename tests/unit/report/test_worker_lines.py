"""Where cells ran, in every report; without a cluster no report has a word about it."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from anyunix.report import html, json_output, markdown
from anyunix.report.out_folder import OutFolder, merged_junit
from anyunix.report.terminal import print_report
from anyunix.report.worker_lines import how_many, worker_lines
from anyunix.results.model import Matrix, WorkerResult
from cluster_matrix import LEFT, with_workers
from example_matrix import HOSTILE, example

RAN = "ran on 3 workers: w1 on amber (2 cells), w2 on birch (1 cell), w3 on birch (0 cells)"
LOST = f"lost: w2 on birch: {LEFT}"


def printed(matrix: Matrix, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_report(console, matrix, "out")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def page(matrix: Matrix) -> str:
    """Without its script, which is the same for all."""
    return html.render(matrix).partition("</script>")[2]


def junit(matrix: Matrix) -> str:
    return b"".join(merged_junit(matrix)).decode()


def test_who_brought_what_and_who_was_lost() -> None:
    matrix = with_workers(example())
    assert worker_lines(matrix) == [RAN, LOST]
    assert how_many(matrix.workers) == "3 workers, 1 lost"
    assert how_many(matrix.workers[:1]) == "1 worker"
    assert worker_lines(replace(matrix, workers=matrix.workers[:1])) == ["ran on 1 worker: w1 on amber (2 cells)"]


def test_of_dozens_only_the_first_are_named_and_each_reason_once() -> None:
    workers = tuple(WorkerResult(f"w{number}", 5, "gone" if number > 28 else "") for number in range(40))
    ran, lost = worker_lines(replace(example(), workers=workers))
    assert ran.startswith("ran on 40 workers: w0 (5 cells), ")
    assert ran.endswith("w7 (5 cells) and 32 more")
    assert lost == "lost: w29, w30, w31, w32, w33, w34, w35, w36 and 3 more: gone"


def test_terminal_and_markdown_say_it_once() -> None:
    matrix = with_workers(example())
    assert [line for line in printed(matrix).splitlines() if "w2 on birch" in line] == [RAN, LOST]
    assert f"### Where cells ran\n\n- {RAN}\n- {LOST}\n" in markdown.render(matrix)


def test_json_has_each_cells_worker_and_all_of_them() -> None:
    document = json.loads(json_output.whole(with_workers(example())))
    assert [cell["worker"] for cell in document["cells"]] == ["w1 on amber", "w1 on amber", "", ""]
    assert document["workers"][1] == {"name": "w2 on birch", "cells": 1, "left": LEFT}


def test_junit_has_it_as_a_property_beside_the_platform() -> None:
    suites = ElementTree.fromstring(junit(with_workers(example())))
    found = [(suite.get("hostname"), *(each.attrib.values() for each in suite.iter("property"))) for suite in suites]
    assert [(host, *map(list, values)) for host, *values in found] == [
        ("debian", ["worker", "w1 on amber"]),
        ("alpine-v6only", ["worker", "w1 on amber"]),
        ("absent",),
        ("broken",),
    ]
    assert [child.tag for child in suites[0]][:2] == ["properties", "testcase"]  # the order that viewers' schemas have


@pytest.mark.parametrize("report", [printed, markdown.render, page, junit])
def test_without_a_cluster_there_is_not_a_word(report: Callable[[Matrix], str]) -> None:
    assert re.findall(r"(?i)worker", report(example())) == []


@pytest.mark.parametrize("report", [printed, markdown.render, html.render, junit])
def test_a_hostile_worker_is_text_in_all_reports(report: Callable[[Matrix], str]) -> None:
    said = report(with_workers(example(), HOSTILE, HOSTILE))
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", said) == []
    if report is not printed:
        assert "<script>alert(1)" not in said


def test_a_run_of_a_cluster_is_written_whole(tmp_path: Path) -> None:
    out = OutFolder(tmp_path)
    out.write(with_workers(example()))
    assert out.problems == {}
    assert "w2 on birch" in (tmp_path / "index.html").read_text()


def test_a_worker_that_was_refused_is_none_that_it_ran_on() -> None:
    matrix = with_workers(example(), left="refused: it has anyunix 0.0, this is 0.1")
    first, second = worker_lines(matrix)
    assert first.startswith("ran on 2 workers: ")
    assert second == "refused: w2 on birch: it has anyunix 0.0, this is 0.1"
    assert how_many(matrix.workers) == "2 workers"
