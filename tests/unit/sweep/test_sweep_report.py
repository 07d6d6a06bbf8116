"""anyunix/sweep: what is printed of a sweep, written as a page, JSON and JUnit, and with which exit status it ends."""

import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from rich.console import Console

from anyunix.catalog.difference import Difference, Mechanism
from anyunix.sweep.sweep_json import as_json, as_junit
from anyunix.sweep.sweep_page import render
from anyunix.sweep.sweep_report import print_sweeps, summary, unanswered
from anyunix.sweep.swept import Sweep, SweepAnswer, Sweeps, Swept
from anyunix.sweep.weaknesses import weaknesses_of, who_answers
from checkout import ROOT

KEPT = Swept("serving-parent-accept-EMFILE-first", "serving", "parent", "accept(socket)", "accept4", "EMFILE",
             "resources", "POSIX accept", "first", "kept", "", "7 accept4(3) = -1 EMFILE (INJECTED)")  # fmt: skip
BROKEN = replace(KEPT, id="serving-parent-accept-EPROTO-first", error="EPROTO", answer="broken", how="dies: [red]x")
ABORTED = replace(BROKEN, id="serving-parent-accept-ECONNABORTED-first", error="ECONNABORTED", difference="aborted")
NOT_TRIED = replace(KEPT, id="x", error="EINTR", answer="not tried", how="no strace on PATH")
GIVEN = ["anyunix", "sweep", "--subject", "./mine.yaml"]
KNOWN = {
    "aborted": Difference(
        "aborted", "accept(2) fails for a client that has sent a reset meanwhile",
        {"freebsd": "measured on 14.0; accept(2)", "illumos": "accept(3SOCKET)"},
        "", {}, "", Mechanism(), Mechanism(), ROOT,
    )
}  # fmt: skip


def found(*injections: Swept) -> Sweeps:
    return Sweeps("mine", "default", (Sweep("mine", "local", "default", injections, ("child: close(socket)",), 12.0),))


def beside(one: Sweeps, *injections: Swept, reason: str = "") -> Sweeps:
    """The same on another platform as well."""
    return replace(one, each=(*one.each, Sweep("mine", "alpine", "default", injections, reason=reason)))


def printed(sweeps: Sweeps) -> str:
    out = io.StringIO()
    print_sweeps(Console(file=out, width=120, markup=False), sweeps, GIVEN, KNOWN)
    return out.getvalue()


def test_what_breaks_it_stands_with_the_call_and_the_line_that_repeats_it() -> None:
    text = printed(found(KEPT, BROKEN))
    assert "broken: dies: serving: parent: accept(socket) answers EPROTO\n" in text
    assert "  accept -> EPROTO ends the server: documented: POSIX accept\n" in text
    assert "  EPROTO: dies: [red]x\n" in text
    assert "anyunix sweep --subject ./mine.yaml --platform local --injection serving-parent-accept-EPROTO-first" in text
    assert "7 accept4(3) = -1 EMFILE (INJECTED)" in text


def test_one_call_that_breaks_it_in_one_way_is_one_cause() -> None:
    hangs = replace(BROKEN, id="y", error="ENETDOWN", how="hangs: nobody is served")
    lasting = replace(BROKEN, id="z", times="lasting", how="dies: y")
    weaknesses = weaknesses_of(beside(found(BROKEN, hangs, ABORTED, lasting), BROKEN))
    assert [weakness.title for weakness in weaknesses] == [
        "dies: serving: parent: accept(socket) answers EPROTO and ECONNABORTED",
        "hangs: serving: parent: accept(socket) answers ENETDOWN",
    ]
    assert [(each.said, each.platforms) for each in weaknesses[0].found] == [
        ("EPROTO", ("local", "alpine")),
        ("ECONNABORTED", ("local",)),
        ("EPROTO (lasting)", ("local",)),
    ]


def test_who_answers_so_is_said_with_how_that_is_known() -> None:
    (weakness,) = weaknesses_of(found(ABORTED, BROKEN))
    assert list(who_answers(weakness, KNOWN)) == [
        "accept -> ECONNABORTED ends the server: FreeBSD (measured on 14.0) and illumos (accept(3SOCKET)): accept(2) "
        "fails for a client that has sent a reset meanwhile",
        "accept -> EPROTO ends the server: documented: POSIX accept",
    ]


def test_each_platform_has_a_column_and_a_reason_where_nothing_was_tried() -> None:
    text = printed(beside(found(KEPT, BROKEN), replace(KEPT, id=BROKEN.id, error="EPROTO")))
    rows = [line.split() for line in text.splitlines()]
    assert ["call", "local", "alpine"] in rows
    assert ["parent:", "accept(socket)", "EPROTO", "kept"] in rows
    assert "EPROTO on local: dies" in text
    assert unanswered(beside(found(KEPT), reason="not run: no Docker")) == ["alpine: not run: no Docker"]


def test_what_is_expected_is_said_with_its_reason_and_is_no_failure() -> None:
    sweeps = found(KEPT, replace(BROKEN, expected="known since 1999"))
    text = printed(sweeps)
    assert "expected: dies: serving: parent: accept(socket) answers EPROTO: known since 1999" in text
    assert "broken: dies" not in text
    assert sweeps.exit_status == 0
    assert summary(sweeps) == "2 injections: 1 kept, 1 broken, 1 of what breaks it expected (12 s)"


def test_an_expectation_that_does_not_hold_is_said_and_is_a_failure() -> None:
    sweeps = replace(found(KEPT), problems=("mine.yaml: local: x: no longer fails",))
    assert "expectation does not hold: mine.yaml: local: x: no longer fails" in printed(sweeps)
    assert sweeps.exit_status == 1


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
    sweeps = found(*(replace(KEPT, id=answer, answer=answer) for answer in answers))
    assert sweeps.exit_status == status
    document = json.loads(as_json(sweeps))
    assert document["exit_status"] == status
    assert [(each["platform"], each["answer"]) for each in document["injections"]] == [("local", a) for a in answers]


def test_a_platform_that_did_not_come_to_its_end_is_no_answer() -> None:
    assert beside(found(KEPT), KEPT, reason="the platform is lost").exit_status == 3
    assert beside(found(KEPT), reason="not run: no Docker").exit_status == 3
    assert beside(found(BROKEN), reason="not run: no Docker").exit_status == 1


def test_junit_has_a_case_for_each_injection() -> None:
    lost, not_reached = replace(KEPT, id="lost", answer="client lost"), replace(KEPT, id="no", answer="not reached")
    junit = ElementTree.fromstring(b"".join(as_junit(found(KEPT, lost, BROKEN, NOT_TRIED, not_reached))))
    (suite,) = junit
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "errors": "0",
        "skipped": "2",
    }
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases == {KEPT.id: [], "lost": [], BROKEN.id: ["failure"], "x": ["skipped"], "no": ["skipped"]}
    messages = [child.get("message") for case in suite for child in case]
    assert messages == [
        "parent: accept(socket) answers EPROTO (first; POSIX accept): dies: [red]x",
        "not tried: no strace on PATH",
        "not reached: the call did not come this time",
    ]


def test_the_page_has_what_breaks_it_and_takes_no_text_for_markup() -> None:
    hostile = "<script>alert(1)</script>\x1b[31m"
    bad = replace(BROKEN, how=f"dies: {hostile}", trace=(hostile,), text=f"open({hostile})", who=hostile, error=hostile)
    page = render(replace(beside(found(KEPT, bad, ABORTED), KEPT), problems=(hostile,)), [*GIVEN, hostile], KNOWN)
    assert "<script" not in page
    assert "\x1b" not in page
    assert page.count("&lt;script&gt;") >= 6
    assert "FreeBSD (measured on 14.0)" in page
    assert "serving-parent-accept-EPROTO-first" in page
    assert "some answers break it" in page
