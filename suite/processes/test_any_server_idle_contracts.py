"""Contracts of any server: what it uses while it has nothing to do, or too little of something to do it."""

import resource
from contextlib import ExitStack, suppress

import pytest

from support.aftermath import living
from support.deadline import Deadline, wait_until
from support.limits import limited, need_limits_of_others
from support.marks import explained_by, promises
from support.peers import BUSY_SECONDS, Rests, ended, knock
from support.processes import open_descriptors
from support.talk import talk_to
from support.usage import busy_share, cpu_seconds, resident_bytes, wakeups, within_a_window
from support.voice import TALK_SECONDS

WAKEUPS_A_SECOND = 10.0
WAITING = 3
ROUNDS, EXCHANGES, ROUND_SECONDS = 12, 120, 0.3
LEAKED_BYTES, NOISE_BYTES = 2048, 128 * 1024
"""Of each exchange, and of all; less is lost in the noise of so few of them. It has to grow in each round:
some pass between two collections of garbage.
"""


@promises("idle")
def test_idle_it_uses_no_cpu(server):
    """A server whose clients say nothing, or half of what they want to say, sleeps until they say more.

    poll(2) and its like wait for an event. A time limit of 0, an event that is always there, or a look at each client
    in turn burns a CPU, and the battery.
    """
    with ExitStack() as stack:
        for number in range(WAITING if server.promises["at_once"] else 1):
            peer = stack.enter_context(server.connect())
            if server.subject.talk and number % 2:
                peer.sendall(server.subject.talk.send[:1])
        assert_sleeps(server, "while clients are silent")


@promises("idle")
def test_a_client_that_ended_its_side_costs_no_cpu(server):
    """A client that has ended its sending side, and stays, does not keep the server at work.

    POSIX poll: at the end of file a descriptor is ready for reading, and stays so. Who asks again and again for it
    never sleeps.
    """
    with server.connect() as peer:
        if server.subject.talk:
            peer.sendall(server.subject.talk.send)
        with suppress(OSError):  # it may be the first to close
            peer.shutdown(1)
        assert_sleeps(server, "while a client has ended its side")


@promises("idle", "wakeups")
def test_idle_it_is_woken_at_most_ten_times_a_second(server):
    """No timer wakes an idle server more often than ten times a second.

    Each wake-up keeps a CPU from its deeper states of sleep. On systems without a call that waits for signals and
    descriptors at once (no pselect(2), ppoll(2) in old ones) programs look every few milliseconds instead.
    """
    server.serve()
    at_most = WAKEUPS_A_SECOND * len(living(server)) + 1  # the first of the window
    often = within_a_window(wakeups, lambda: living(server), at_most, 1.0)
    assert often <= at_most, f"it is woken {often:.0f} times a second"


@promises("descriptors", "idle", "no_descriptor")
@explained_by("limits.nofile_errno")
def test_without_a_descriptor_left_it_does_not_spin(server):
    """A server that has no descriptor for the next client waits, uses no CPU, and serves that client when it has one.

    accept(2): EMFILE, and the connection stays in the queue, so that poll(2) returns at once. Others than Linux may
    take it out. Who tries again at once burns a CPU; who was told of it but once (EPOLLET, EV_CLEAR), and does not ask
    again, leaves that client alone.
    """
    need_limits_of_others()
    server.serve()
    with suppress(TimeoutError):  # a process that it still starts needs descriptors for its libraries
        wait_until(Rests(server).still, "it to be done with its start", BUSY_SECONDS)
    with ExitStack() as stack:
        for pid in living(server):
            used = open_descriptors(pid)
            if used is None and pid != server.pid:
                continue  # that of a client, which has just left
            if used is None:
                pytest.skip("this system does not show which descriptors another process has open")
            with suppress(ProcessLookupError):  # likewise
                stack.enter_context(limited(pid, resource.RLIMIT_NOFILE, min(set(range(len(used) + 1)) - used)))
        with knock(server) as peer:  # the kernel connects it, whose queue has room
            assert_sleeps(server, "while it has no descriptor for a client")
            stack.close()
            with suppress(ConnectionError, AssertionError):  # it may have turned it away
                talk_to(peer, server.subject.talk, TALK_SECONDS)
                return
            assert ended(peer), f"a client that waited for a descriptor got neither answer nor end in {TALK_SECONDS} s"
    server.serve()


@promises("memory", "at_once")
def test_its_memory_does_not_grow_with_exchanges(server):
    """What a server kept of its clients it gives back: after a hundred of them it needs no more memory for the next.

    malloc(3) keeps what was freed for the next call, so a server that frees everything grows at first and then no
    more. One that loses some of each exchange grows until the system ends it.
    """
    exchanges_of(server)
    stay = living(server)
    sizes, counts = [sizes_of(stay)], []
    for _ in range(ROUNDS):
        counts.append(exchanges_of(server))
        sizes.append(sizes_of(stay))
        earlier, later = (sum(size[pid] for pid in sizes[-1]) for size in sizes[-2:])
        if later - earlier < max(LEAKED_BYTES * counts[-1], NOISE_BYTES):
            return
    of_them = [sum(size.values()) for size in sizes]
    pytest.fail(f"resident bytes, and after {counts} exchanges more: {of_them}")


def sizes_of(pids: list[int]) -> dict[int, int]:
    """Process -> resident bytes, of those that are there."""
    sizes = {pid: resident_bytes([pid]) for pid in pids}
    if None in sizes.values():
        pytest.skip("this system does not show how much memory another process uses")
    return {pid: size for pid, size in sizes.items() if size}


def exchanges_of(server) -> int:
    """How many clients were served, as many as time allows."""
    deadline = Deadline(ROUND_SECONDS)
    for number in range(EXCHANGES):
        if deadline.passed():
            return number
        server.serve()
    return EXCHANGES


def assert_sleeps(server, when: str) -> None:
    at_most = busy_share()
    used = within_a_window(cpu_seconds, lambda: living(server), at_most)
    assert used <= at_most, f"it uses {used:.0%} of a CPU {when}"
