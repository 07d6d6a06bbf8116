"""anyunix/sweep/seen.py: what a tracer has seen, and what was seen from inside of the server."""

import pytest

from anyunix.errors import NotRun
from anyunix.sweep.seen import seen_by
from anyunix.trace.records import Record

START = """\
7 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3
7 listen(3, 128) = 0
7 accept(3, NULL, NULL) = 6
7 fork() = 8
7 --- SIGCONT {} ---
7 accept(3, NULL, NULL) = 6
7 read(6, 256) = -1 EAGAIN
7 read(6, 256) = 3
7 fork() = 9
9 read(6, 256) = 3
"""


def record(text: str = START) -> Record:
    return Record("probe", "strace", "", False, "/tmp/probe-1", (text,))


def test_what_a_tracer_cannot_tell_apart_is_done_from_inside() -> None:
    seen = seen_by(record(), "it is linked statically", "SIGTERM")
    assert [site.label for site in seen.alike] == ["child: read(client)"]
    seen = seen_by(record(), record(), "SIGTERM")
    assert not seen.alike
    child = next(site for site in seen.sites if site.label == "child: read(client)")
    assert (child.by, child.who, child.places) == ("preload", "later", (1,))
    assert {site.by for site in seen.sites if site.role == "parent"} == {"strace"}


def test_from_inside_the_calls_on_clients_are_counted_that_found_nothing_yet() -> None:
    seen = seen_by("no strace on PATH", record(), "SIGTERM")
    parent = next(site for site in seen.sites if site.label == "parent: read(client)")
    assert (parent.by, parent.kind, parent.places) == ("preload", "client", (2,))
    assert not seen.alike


def test_where_nothing_sees_it_both_reasons_are_given() -> None:
    with pytest.raises(NotRun, match="no strace on PATH; from inside of the server: it is linked statically"):
        seen_by("no strace on PATH", "it is linked statically", "SIGTERM")


def test_a_thread_is_swept_from_inside_alone() -> None:
    """strace(1) would count the calls of each thread by itself, and change one in each."""
    text = START.replace("7 fork() = 9\n9 read", "7 clone(flags=CLONE_VM|CLONE_THREAD) = 9\n9 read")
    assert [site.label for site in seen_by(record(text), "it is a Go program", "SIGTERM").alike] == [
        "thread: read(client)"
    ]
    seen = seen_by(record(text), record(text), "SIGTERM")
    thread = next(site for site in seen.sites if site.role == "thread")
    assert (thread.by, thread.who, thread.places) == ("preload", "threads", (1,))
