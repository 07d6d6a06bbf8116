"""anyunix/sweep/injecting.py and suite/errnos.yaml: which answers are tried at which call."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.errors import ConfigurationError
from anyunix.sweep.errnos import PossibleError, read_errnos
from anyunix.sweep.injecting import injections_for
from anyunix.sweep.sites import Site
from anyunix.trace.calls import CANONICAL
from checkout import ROOT

WRITE = Site("serving", "child", "later", "write(log)", "write", "write", "file", (1, 3), "log")
SENT = Site("serving", "child", "later", "write(client)", "write", "write", "client", (2,))
ANSWERS = {
    "write": (
        PossibleError("EINTR", "interrupted", "POSIX"),
        PossibleError("ENOSPC", "disk", "POSIX", "file"),
        PossibleError("EDQUOT", "disk", "Linux", "file"),
        PossibleError("EPIPE", "peer", "POSIX", "client"),
    )
}


def made(site: Site, *, quick: bool = False) -> list[tuple[str, str, int]]:
    return [(each.answer.error, each.times, each.when) for each in injections_for([site], ANSWERS, quick=quick)]


def test_an_answer_comes_once_at_another_place_and_where_it_lasts_for_a_while() -> None:
    assert made(WRITE) == [
        ("EINTR", "first", 1),
        ("ENOSPC", "first", 1),
        ("ENOSPC", "second", 3),
        ("ENOSPC", "lasting", 1),
        ("EDQUOT", "first", 1),
        ("EDQUOT", "second", 3),
        ("EDQUOT", "lasting", 1),
    ]


def test_a_short_result_is_none_of_a_server_that_waits_for_edges() -> None:
    """epoll(7): with less than was asked for nothing is left, or there is room for nothing, and no other edge comes."""
    errnos = {"write": (PossibleError("", "short", "POSIX", short="half"),)}
    there = {SENT.key: SENT}
    assert [each.answer.name for each in injections_for([SENT], errnos, there)] == ["half"]
    assert injections_for([replace(SENT, edges=True)], errnos, there) == []


def test_it_is_one_that_what_the_call_is_about_can_give() -> None:
    assert made(SENT) == [("EINTR", "first", 2), ("EPIPE", "first", 2)]


def test_quick_takes_one_answer_for_each_reason_once() -> None:
    assert made(WRITE, quick=True) == [("EINTR", "first", 1), ("ENOSPC", "first", 1)]


def test_an_argument_can_rule_an_answer_out() -> None:
    answers = {"flock": (PossibleError("ENOLCK", "resources", "Linux", unless="LOCK_UN"),)}
    lock = Site("serving", "child", "later", "flock(log, LOCK_EX)", "flock", "flock", "file", (1,), "log")
    unlock = Site("serving", "child", "later", "flock(log, LOCK_UN)", "flock", "flock", "file", (1,), "log")
    assert {each.site for each in injections_for([lock, unlock], answers)} == {lock}


def test_ids_can_be_typed_and_are_not_the_same() -> None:
    ids = [each.id for each in injections_for([WRITE, WRITE, SENT], ANSWERS)]
    assert len(set(ids)) == len(ids)
    assert ids[0] == "serving-child-write-log-EINTR-first"


def test_what_strace_cannot_do_is_counted_by_what_can() -> None:
    """A short result, and an error of a call that was made."""
    answers = {"write": (*ANSWERS["write"][:1], PossibleError(short="half", why="disk", who="POSIX"))}
    seen_inside = replace(WRITE, places=(7,), by="preload")
    error, short = injections_for([WRITE], answers, {WRITE.key: seen_inside})
    assert (error.site.by, error.when, error.described()["error"]) == ("strace", 1, "EINTR")
    assert (short.site.by, short.when, short.described()["error"]) == ("preload", 7, "half")
    assert short.id == "serving-child-write-log-half-first"


def test_what_nothing_can_do_is_said_once() -> None:
    answers = {"write": (PossibleError("EIO", "disk", "POSIX", made=True),)}
    (past_libc,) = injections_for([WRITE], answers, {})
    (static,) = injections_for([WRITE], answers, "it is linked statically")
    assert "past libc" in past_libc.impossible
    assert str(static.described()["impossible"]).endswith("it is linked statically")


def test_where_no_tracer_may_run_all_is_made_from_inside() -> None:
    inside = replace(SENT, by="preload")
    assert {(each.site.by, each.described()["kind"]) for each in injections_for([inside], ANSWERS)} == {
        ("preload", "client")
    }


def test_the_list_of_the_project_has_errors_and_calls_that_there_are() -> None:
    known = read_errnos(ROOT / "suite")
    calls = {*CANONICAL.values(), "bind", "connect", "listen", "setsockopt", "socket", "flock", "sendmsg", "recvmsg"}
    assert set(known) <= {*calls, "read", "readv", "write", "writev", "close"}
    for call, answers in known.items():
        names = [(each.name, each.about) for each in answers]
        assert len(set(names)) == len(names), call
        assert all(hasattr(errno, each.error) != bool(each.short) for each in answers), call
        assert all(each.who for each in answers), call
        evidence = {each.difference for each in answers if each.difference}
        assert all((ROOT / "differences" / f"{name}.yaml").is_file() for name in evidence), call


def test_a_list_with_another_word_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "errnos.yaml").write_text("read:\n  - {error: EIO, why: chance, who: nobody}\n")
    with pytest.raises(ConfigurationError, match=r"errnos.yaml: line 1: .*chance"):
        read_errnos(tmp_path)
