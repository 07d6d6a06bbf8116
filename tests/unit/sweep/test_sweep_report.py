"""anyunix/sweep/sweep_report.py and swept.py: what is printed, and with which exit status it ends."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from anyunix.sweep.sweep_report import as_json, print_sweep, summary
from anyunix.sweep.swept import Sweep, SweepAnswer, Swept

KEPT = Swept("serving-parent-accept-EMFILE-first", "serving", "parent", "accept(socket)", "accept4", "EMFILE",
             "resources", "POSIX accept", "first", "kept", "", "7 accept4(3) = -1 EMFILE (INJECTED)")  # fmt: skip
BROKEN = replace(KEPT, id="serving-parent-accept-EPROTO-first", error="EPROTO", answer="broken", how="dies: [red]x")
NOT_TRIED = replace(KEPT, id="x", error="EINTR", answer="not tried", how="no strace on PATH")


def found(*injections: Swept) -> Sweep:
    return Sweep("mine", "local", "default", injections, ("child: close(socket)",), 12.0)


def printed(sweep: Sweep) -> str:
    out = io.StringIO()
    print_sweep(Console(file=out, width=120), sweep, "anyunix sweep --subject ./mine.yaml")
    return out.getvalue()


def test_what_breaks_it_stands_with_the_call_and_the_line_that_repeats_it() -> None:
    text = printed(found(KEPT, BROKEN))
    assert "parent: accept(socket) answers EPROTO (first; POSIX accept): dies: [red]x" in text
    assert "anyunix sweep --subject ./mine.yaml --injection serving-parent-accept-EPROTO-first" in text
    assert "7 accept4(3) = -1 EMFILE (INJECTED)" in text


def test_what_was_not_tried_stands_with_its_reason() -> None:
    assert "not tried: 2: no strace on PATH" in printed(found(NOT_TRIED, replace(NOT_TRIED, id="y")))
    assert "left out: 1 calls" in printed(found(KEPT))


def test_the_summary_counts_each_answer() -> None:
    assert summary(found(KEPT, BROKEN, NOT_TRIED)) == "3 injections: 1 kept, 1 broken, 1 not tried (12 s)"


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        (["kept", "client lost"], 0),
        (["kept", "broken"], 1),
        (["not tried", "not reached"], 3),
        (["kept", "not tried"], 0),
    ],
)
def test_only_what_was_tried_is_an_answer(answers: list[SweepAnswer], status: int) -> None:
    sweep = found(*(replace(KEPT, id=answer, answer=answer) for answer in answers))
    assert sweep.exit_status == status
    assert json.loads(as_json(sweep))["exit_status"] == status
