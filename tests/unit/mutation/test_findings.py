"""From answers to an exit status, a file and a page."""

import json
from dataclasses import replace

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.mutation.faults import Fault, Mutation
from anyunix.mutation.findings import FaultOutcome, Finding, Healthy, MutationResults
from anyunix.mutation.mutation_files import encode, render
from tiny_catalog import GREETS


def result(
    *findings: Finding, healthy: tuple[Healthy, ...] | None = None, required: tuple[str, ...] = ()
) -> MutationResults:
    fault = Fault("rude", "", "", {"tiny": Mutation((), (GREETS,))})
    platforms = tuple(dict.fromkeys(finding.platform for finding in findings))
    well = tuple(Healthy("tiny", name, "default", 1, 0, {}) for name in platforms)
    return MutationResults((fault,), ("tiny",), platforms, findings, well if healthy is None else healthy, required)


def found(answer: FaultOutcome, platform: str = "local", expected: bool = True) -> Finding:
    return Finding("rude", "tiny", platform, answer, "" if answer == "caught" else "because", expected=expected)


@pytest.mark.parametrize(
    ("results", "status"),
    [
        (result(found("caught")), 0),
        (result(found("caught"), found("left out", "b"), found("does not show", "c", False), found("not run", "d")), 0),
        (result(found("caught"), found("missed", "b")), 1),
        (result(found("caught"), found("shows elsewhere too", "b", False)), 1),
        (result(found("left out"), found("left out", "b")), 1),
        (result(found("does not show", expected=False)), 0),
        (result(found("does not show", expected=False), found("left out", "b")), 1),
        (result(found("broke")), 3),
        (result(found("caught"), found("not run", "b"), required=("b",)), 3),
        (result(found("missed"), found("not run", "b"), required=("b",)), 1),
        (result(found("not run"), healthy=(Healthy("tiny", "local", "default", 0, 0, {}, "no engine"),)), 3),
        (result(found("caught"), healthy=(Healthy("tiny", "local", "default", 0, 0, {GREETS: "bye"}),)), 1),
        (result(found("caught"), healthy=(Healthy("tiny", "local", "default", 0, 0, {}, "cable", True),)), 3),
    ],
)
def test_exit_statuses(results: MutationResults, status: int) -> None:
    assert results.exit_status == status
    assert json.loads(encode(results))["exit_status"] == status


def test_a_fault_that_no_platform_shows_is_said(tiny: Catalog) -> None:
    results = result(found("does not show", expected=False))
    assert (results.problems, results.not_at_hand) == ([], ["tiny: rude"])


def test_what_a_platform_says_is_text_in_the_page() -> None:
    evil = replace(found("left out"), reason="<script>| [x](y)")
    page = render(result(found("caught"), replace(evil, platform="b")))
    assert "<script>" not in page
    assert "(y)" in page and "[x](y)" not in page
