"""Two processes' steps side by side: what differs, what chance decides, and where they part first."""

import pytest

from anyunix.report.traces import COLUMN, excerpt
from anyunix.results.model import CellResult, Probe
from anyunix.results.trace_model import TraceRow
from anyunix.trace.align import PROCESSES, align
from anyunix.trace.steps import KILLED, Step


def steps(*texts: str, first: int = 0) -> tuple[Step, ...]:
    """`~` marks a soft one, `…` one that never returned."""
    return tuple(
        Step(text.strip("~…"), first + number, soft="~" in text, returned="…" not in text)
        for number, text in enumerate(texts)
    )


def test_the_row_that_differs_stands_between_those_that_do_not() -> None:
    trace = align({"parent": steps("a", "bind 6", "c")}, {"parent": steps("a", "bind 4", "c")}, "debian")
    assert trace.processes[0].rows == (TraceRow("a", "a"), TraceRow("bind 6", "bind 4"), TraceRow("c", "c"))
    assert (trace.first, trace.processes[0].parting) == ("parent", 1)


def test_what_chance_decides_is_no_parting() -> None:
    trace = align({"parent": steps("a", "sleeps~", "b")}, {"parent": steps("a", "b", "SIGUSR1 comes~")}, "debian")
    assert [row.soft for row in trace.processes[0].rows if row.here != row.there] == [True, True]
    assert trace.first == ""


def test_the_process_that_parts_first_in_time_is_named() -> None:
    here = {"parent": steps("a", "wait early", first=90), "SEND 1": steps("x", "killed by SIGUSR1", first=10)}
    there = {"parent": steps("a", "wait late"), "SEND 1": steps("x", "exited with 0")}
    assert align(here, there, "debian").first == "SEND 1"


def test_what_is_missing_counts_from_the_next_thing_that_came() -> None:
    here = {"RECV 1": (Step("x", 1), Step("end", 50)), "SEND 1": (Step("x", 2), Step("killed by SIGSEGV", 20))}
    there = {"RECV 1": steps("x", "read", "end"), "SEND 1": steps("x", "read", "end")}
    assert align(here, there, "debian").first == "SEND 1"


def test_a_process_of_one_side_parts_where_its_parent_forks_it() -> None:
    trace = align({"parent": steps("a")}, {"parent": steps("a", "fork() = RECV 1"), "RECV 1": steps("x")}, "debian")
    assert trace.first == "parent"
    assert trace.processes[1].rows == (TraceRow("", "x"),)


def test_where_the_probe_killed_it_is_chance() -> None:
    trace = align(
        {"SEND 1": steps("a", "b", "flock…", KILLED)}, {"SEND 1": steps("a", "b", "flock", "unlock", "end")}, "debian"
    )
    assert trace.first == ""


def test_what_a_process_did_that_nobody_killed_is_not() -> None:
    trace = align({"SEND 1": steps("a", "c", "end")}, {"SEND 1": steps("a", "b", KILLED)}, "debian")
    assert trace.first == "SEND 1"


def test_many_processes_are_cut_but_for_the_one_that_parts() -> None:
    names = [f"RECV {number}" for number in range(30)]
    trace = align(
        {name: steps("a") for name in names},
        {name: steps("b" if name == "RECV 20" else "a") for name in names},
        "debian",
    )
    assert [process.role for process in trace.processes] == [*names[:PROCESSES], "RECV 20"]
    assert trace.left_out == 20


def test_nothing_to_steer_a_terminal_with_is_kept() -> None:
    trace = align({"parent": steps("\x1b[31mred\u202e")}, {}, "debian")
    assert trace.processes[0].rows[0].here == "red\N{REPLACEMENT CHARACTER}"


def test_which_of_several_workers_gets_the_client_is_chance() -> None:
    parent = steps("fork() = child 1", "fork() = child 2")
    idle, busy = steps("sleeps~", "end", first=10), steps("sleeps~", "accept", "write", "end", first=20)
    trace = align(
        {
            "parent": (*parent, *steps("kill(child 2, SIGTERM)", "wait() = child 2", first=30)),
            "child 1": idle,
            "child 2": busy,
            "child 2.1": steps("x"),
        },
        {
            "parent": (*parent, *steps("kill(child 1, SIGTERM)", "wait() = child 1", first=30)),
            "child 1": busy,
            "child 1.1": steps("x"),
            "child 2": idle,
        },
        "debian",
    )
    assert trace.first == ""
    assert [process.role for process in trace.processes] == ["parent", "child 1", "child 1.1", "child 2"]


def test_a_worker_that_does_something_else_parts() -> None:
    parent = steps("fork() = child 1", "fork() = child 2")
    trace = align(
        {"parent": parent, "child 1": steps("a", "b"), "child 2": steps("a", "c")},
        {"parent": parent, "child 1": steps("a", "c"), "child 2": steps("a", "d")},
        "debian",
    )
    assert trace.first == "child 2"
    assert [(row.here, row.there) for row in trace.processes[2].rows if row.differs] == [("b", "d")]


def test_which_child_ends_first_is_chance_but_not_whether_it_ends() -> None:
    ends = ("wait() = child 1", "x", "wait() = child 2")
    assert align({"parent": steps(*ends)}, {"parent": steps(*reversed(ends))}, "debian").first == ""
    assert align({"parent": steps(*ends)}, {"parent": steps(*ends[1:])}, "debian").first == "parent"


def test_what_chance_decides_is_no_counterpart_of_what_differs() -> None:
    trace = align({"parent": steps("a", "setsid()~", "bind 6", "c")}, {"parent": steps("a", "bind 4", "c")}, "debian")
    assert [(row.here, row.there) for row in trace.processes[0].rows if row.differs] == [("bind 6", "bind 4")]


@pytest.mark.parametrize(
    ("here", "there", "shown"),
    [
        (
            "setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, [1])",
            "setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, [0])",
            ("SO_REUSEADDR, [1])", "SO_REUSEADDR, [0])"),
        ),
        (
            "setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, [1])",
            "setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, [1]) EINVAL",
            ("IPV6_V6ONLY, [1])", "IPV6_V6ONLY, [1]) EINVAL"),
        ),
        ("x" * 90 + "1" + "z" * 90, "x" * 90 + "2" + "z" * 90, ("xxx1zzz", "xxx2zzz")),
        ("bind(socket, [::]:port)", "bind(socket, 0.0.0.0:port)", ("bind(socket, [", "bind(socket, 0")),
    ],
)
def test_a_row_is_not_cut_where_it_differs(here: str, there: str, shown: tuple[str, str]) -> None:
    trace = align({"parent": steps("a", here)}, {"parent": steps("a", there)}, "debian")
    row = excerpt(CellResult("c", "freebsd", "dual", "ran"), Probe("x", "contract", "failed", trace=trace))[-1]
    assert row.startswith("≠ ")
    assert len(row) <= 100
    assert (shown[0] in row[2 : 2 + COLUMN], shown[1] in row[4 + COLUMN :]) == (True, True)
