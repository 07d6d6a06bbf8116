"""anyunix/sweep/sites.py: where a server calls the system, read out of a tracer's record."""

import pytest

from anyunix.results.junit import BadResults
from anyunix.sweep.sites import Site, sites_in
from anyunix.trace.records import Record

FOLDER = "/tmp/probe-1"
TRACE = """\
7 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3
7 bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
7 listen(3, 128) = 0
7 openat(AT_FDCWD, "/tmp/probe-1/log", O_WRONLY|O_APPEND) = 4
7 openat(AT_FDCWD, "/etc/hosts", O_RDONLY) = 5
7 accept(3, NULL, NULL) = 6
7 clone(child_stack=NULL, flags=SIGCHLD) = 8
7 --- SIGCONT {si_signo=SIGCONT, si_code=SI_USER, si_pid=1, si_uid=0} ---
7 accept(3, NULL, NULL) = 6
7 clone(child_stack=NULL, flags=SIGCHLD) = 9
9 write(4, "came\\n", 5) = 5
9 read(6, "hi\\n", 256) = 3
9 write(6, "hello\\n", 6) = 6
9 read(6, "", 256) = 0
9 +++ exited with 0 +++
7 accept(3, NULL, NULL) = 6
7 clone(child_stack=NULL, flags=SIGCHLD) = 10
10 write(4, "came\\n", 5) = 5
7 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0} ---
7 wait4(-1, NULL, 0, NULL) = 10
7 +++ exited with 0 +++
"""


def found_in(text: str, missing: str = "") -> tuple[list[Site], list[Site]]:
    return sites_in(Record("probe", "strace", missing, False, FOLDER, (text,)), "SIGTERM")


def named(sites: list[Site], phase: str) -> dict[str, Site]:
    return {site.label: site for site in sites if site.phase == phase}


def test_the_start_ends_with_the_first_client() -> None:
    sites, _ = found_in(TRACE)
    assert list(named(sites, "starting")) == [
        "parent: socket(SOCK_STREAM)",
        "parent: bind(socket, 0.0.0.0:port)",
        "parent: listen(socket, SOMAXCONN)",
        "parent: open(log, O_APPEND|O_WRONLY)",
    ]


def test_what_the_resolver_asks_the_kernel_is_no_client() -> None:
    asks = "7 recvmsg(3, {msg_name={sa_family=AF_NETLINK}, msg_namelen=12}, 0) = 164\n"
    assert found_in(asks + TRACE) == found_in(TRACE)


def test_who_waits_for_edges_is_known() -> None:
    edge = "7 epoll_ctl(4, EPOLL_CTL_ADD, 6, {events=EPOLLIN|EPOLLET, data=0x7f}) = 0\n"
    assert {site.edges for site in found_in(edge + TRACE)[0]} == {True}
    assert {site.edges for site in found_in(TRACE)[0]} == {False}


def test_a_thread_belongs_to_its_process() -> None:
    """One of a child that was there before the clients is there as well, whenever it began."""
    seen = '8 clone(child_stack=NULL, flags=CLONE_VM|CLONE_THREAD) = 12\n12 write(4, "seen\\n", 5) = 5\n'
    sites, _ = found_in(TRACE.replace("9 write(4", f"{seen}9 write(4"))
    assert {site.who for site in sites if site.label == "child: write(log)"} == {"children", "later"}


def test_calls_are_counted_from_where_a_tracer_begins_to_look() -> None:
    serving = named(found_in(TRACE)[0], "serving")
    assert serving["parent: accept(socket)"].places == (1, 2)
    assert serving["child: write(log)"].places == (1,)
    assert serving["child: write(client)"].places == (2,)
    assert named(found_in(TRACE)[0], "ending")["parent: wait()"].places == (1,)


def test_a_signal_may_come_to_another_thread() -> None:
    text = TRACE.replace("7 --- SIGCONT", "70 --- SIGCONT").replace("7 --- SIGTERM", "70 --- SIGTERM")
    assert found_in(text) == found_in(TRACE)


def test_what_came_of_a_call_is_no_part_of_it() -> None:
    text = TRACE.replace(
        "7 listen(3, 128) = 0", "7 setsockopt(3, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = -1 ENOPROTOOPT (x)"
    )
    assert "parent: setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, [1])" in named(found_in(text)[0], "starting")


def test_a_site_says_what_it_is_about_and_whose_it_is() -> None:
    serving = named(found_in(TRACE)[0], "serving")
    log, client = serving["child: write(log)"], serving["child: read(client)"]
    assert (log.about, log.path, log.who) == ("file", "log", "later")
    assert (client.about, client.path) == ("client", "")
    assert serving["parent: accept(socket)"].about == "listener"
    assert serving["parent: fork()"].who == "first"


def test_what_the_first_process_calls_as_often_is_kept_apart() -> None:
    text = TRACE.replace("7 --- SIGTERM", '7 write(4, "one", 3) = 3\n7 --- SIGTERM')
    sites, alike = found_in(text)
    assert [site.label for site in alike] == ["child: write(log)"]
    assert "parent: write(log)" in named(sites, "serving")
    assert "child: write(client)" in named(sites, "serving")


HANDLER = "7 rt_sigaction(SIGTERM, {sa_handler=0x5555555, sa_mask=[], sa_flags=SA_RESTORER%s}, NULL, 8) = 0\n"


@pytest.mark.parametrize(
    ("more", "interruptible"),
    [
        ("", False),
        (HANDLER % "|SA_RESTART", False),
        (HANDLER % "", True),
        (HANDLER % "|SA_RESTART" + '7 setsockopt(3, SOL_SOCKET, SO_RCVTIMEO_OLD, "1", 16) = 0\n', True),
    ],
)
def test_what_every_handler_restarts_cannot_be_interrupted(more: str, interruptible: bool) -> None:
    sites = {site.label: site for site in found_in(more + TRACE)[0]}
    assert sites["parent: accept(socket)"].interruptible is interruptible


def test_a_process_that_is_there_has_sites_of_its_own() -> None:
    """The first client's, which stays, and those that come later; each counts from when the mark came to it."""
    text = TRACE.replace("7 --- SIGCONT", '8 read(6, "a\\n", 9) = 2\n7 --- SIGCONT').replace(
        "9 write(4,",
        '8 read(6, "b\\n", 9) = 2\n8 --- SIGCONT {si_signo=SIGCONT} ---\n8 read(6, "c", 9) = 1\n9 write(4,',
        1,
    )
    found = [(site.who, site.places) for site in found_in(text)[0] if site.label == "child: read(client)"]
    assert found == [("children", (1,)), ("later", (1, 2))]


def test_a_child_that_is_told_to_end_is_no_end_of_the_server() -> None:
    text = TRACE.replace("9 +++ exited", "9 --- SIGTERM {si_signo=SIGTERM} ---\n9 +++ exited")
    assert found_in(text)[0] == found_in(TRACE)[0]


def test_what_does_not_wait_is_not_interrupted() -> None:
    text = HANDLER % "" + TRACE.replace("7 listen", "7 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n7 listen")
    text = text.replace("9 read", "9 ioctl(6, FIONBIO, [1]) = 0\n9 read", 1)
    found = {site.label: site.interruptible for site in found_in(text)[0] if site.phase == "serving"}
    assert not found["parent: accept(socket)"]
    assert not found["child: read(client)"]
    assert found["child: write(log)"]


def test_a_wait_that_waits_for_nothing_is_none() -> None:
    sites, _ = found_in(TRACE.replace("wait4(-1, NULL, 0, NULL)", "wait4(-1, NULL, WNOHANG, NULL)"))
    assert "parent: wait()" not in named(sites, "ending")


@pytest.mark.parametrize(
    ("more", "blocks"),
    [("", True), ("7 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n", False), ("7 ioctl(3, FIONBIO, [1]) = 0\n", False)],
)
def test_a_listener_blocks_unless_told_otherwise(more: str, blocks: bool) -> None:
    sites, _ = found_in(TRACE.replace("7 listen", f"{more}7 listen"))
    assert named(sites, "serving")["parent: accept(socket)"].blocks is blocks


def test_the_mark_behind_the_last_client_is_where_the_end_begins() -> None:
    text = TRACE.replace(
        "7 --- SIGTERM", "7 --- SIGCONT {si_signo=SIGCONT} ---\n7 wait4(-1, NULL, 0, NULL) = 9\n7 --- SIGTERM"
    )
    assert named(found_in(text)[0], "ending")["parent: wait()"].places == (1, 2)


@pytest.mark.parametrize(("text", "missing"), [("", ""), ("no line of strace's", ""), (TRACE, "no strace on PATH")])
def test_a_trace_without_a_server_is_no_answer(text: str, missing: str) -> None:
    with pytest.raises(BadResults, match=missing or "no server"):
        found_in(text, missing)
