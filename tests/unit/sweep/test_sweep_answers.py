"""anyunix/sweep/sweep_answers.py: what came of an injection, as its probe reports it."""

from typing import Any

import pytest

from anyunix.results.model import Outcome, Probe
from anyunix.sweep.errnos import PossibleError
from anyunix.sweep.injecting import Injection
from anyunix.sweep.sites import Site
from anyunix.sweep.sweep_answers import injection_of, swept

SITE = Site("serving", "parent", "first", "accept(socket)", "accept", "accept4", "listener", (1,))
INJECTION = Injection("serving-parent-accept", SITE, PossibleError("EMFILE", "resources", "POSIX"), "first", 1)
ID = "sweep/test_injections_contracts.py::test_injection[serving-parent-accept]"


def probe(outcome: Outcome, message: str = "", facts: "dict[str, Any] | None" = None) -> Probe:
    return Probe(ID, "contract", outcome, message, facts=facts or {}, error="NotReady")


def test_a_probe_that_reports_an_answer_is_believed() -> None:
    reported = {"answer": "broken", "how": "dies: \x1b[31mkilled", "call": "7 accept4(3) = -1 EMFILE (INJECTED)"}
    found = swept(INJECTION, probe("failed", "AssertionError", {"sweep": reported}))
    assert (found.answer, found.how, found.line) == ("broken", "dies: killed", "7 accept4(3) = -1 EMFILE (INJECTED)")
    assert injection_of(probe("passed")) == INJECTION.id


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_a_probe_that_failed_before_it_could_tell_has_tried_nothing(outcome: Outcome) -> None:
    found = swept(INJECTION, probe(outcome, "support.ready.NotReady: the server did not listen within 15 s\nmore"))
    assert found.answer == "not tried"
    assert (
        found.how == "the probe did not come to its end: support.ready.NotReady: the server did not listen within 15 s"
    )


def test_what_was_left_out_stands_with_its_reason_once() -> None:
    assert swept(INJECTION, probe("skipped", "Skipped: not tried: no strace on PATH")).how == "no strace on PATH"
    assert swept(INJECTION, None).how == "it did not come back"


def test_what_is_no_answer_is_none() -> None:
    assert swept(INJECTION, probe("passed", "", {"sweep": {"answer": "fine", "how": "", "call": ""}})).answer == (
        "not tried"
    )


def test_the_calls_around_it_come_with_it_and_nothing_else_does() -> None:
    reported = {"answer": "broken", "how": "dies", "call": "7 accept4()"}
    lines = ["7 poll() = 1", "7 accept4() \x1b[31m= -1\nmore"]
    assert swept(INJECTION, probe("failed", "", {"sweep": reported, "sweep.trace": lines})).trace == (
        "7 poll() = 1",
        "7 accept4() = -1",
    )
    assert swept(INJECTION, probe("failed", "", {"sweep": reported, "sweep.trace": 7})).trace == ()
