"""Contracts of any server: how it listens and accepts, and what it asks of its connections."""

import os
import re
from contextlib import ExitStack, suppress

import pytest

from support.deadline import wait_until
from support.interfaces import link_local_addresses
from support.kernel import backlog_cap
from support.listeners import is_listener
from support.marks import explained_by, follows_from, promises
from support.net import NO_FAMILY, can_bind
from support.peers import connected_of, knock
from support.proc import PROC
from support.stopped import stopped
from support.tcp_table import is_kept_alive
from support.tracer import ACCEPTS, Tracer, without_call

QUEUED, QUEUED_SECONDS = 100, 0.3
BACK_SECONDS, ASLEEP_SECONDS = 0.5, 2.0
"""Until a process that has served a client is back in accept(2), and until it sleeps at all."""
AN_ADDRESS = r'bind\(\d+, \{sa_family=AF_INET6.*inet_pton\(AF_INET6, "(?!::")'
"""Of IPv6, and not the wildcard, which can be bound without any."""
WAITED_IN = ("poll", "select")
"""Of the names of functions of Linux in which a process sleeps (proc_pid_wchan(5)): do_poll, do_select, ep_poll, …"""
HERE = "binding/test_any_server_contracts.py::test_a_client_on"


@promises("ipv4", "without_ipv6")
@follows_from(f"{HERE}_ipv4_loopback_is_served")
def test_without_an_address_of_ipv6_it_serves_ipv4(start_server, work):
    """Where there are sockets of IPv6, but no address such as ::1, clients of IPv4 are served all the same.

    bind(2): EADDRNOTAVAIL. So it is in many containers, with net.ipv6.conf.all.disable_ipv6=1: socket(2) succeeds
    there, `::` can be bound, ::1 cannot, and a server that is to listen on localhost does not start.
    """
    if can_bind("::") in NO_FAMILY:
        pytest.skip("no sockets of IPv6 here")
    none = "the server's first process binds no address of IPv6 but `::`"
    without_call(start_server, work, "bind", AN_ADDRESS, "EADDRNOTAVAIL", none)


@promises("interfaces", "ipv6")
@follows_from(f"{HERE}_ipv6_loopback_is_served")
@explained_by("ipv6.loopback_bindable")
def test_a_client_of_a_link_local_address_is_served(server):
    """A client that comes from an address of fe80::/10, which is one together with an interface only, is served.

    RFC 4007: such an address has a zone, sin6_scope_id. getnameinfo(3) writes it behind a `%`, and a server that reads
    addresses as text, or compares them without it, turns away its neighbours.
    """
    addresses = link_local_addresses()
    if not addresses:
        pytest.skip("no interface has a link-local address here")
    try:
        server.serve(addresses[0])
    except OSError:
        if addresses[0] in link_local_addresses():  # a container's network comes and goes
            raise


@promises("backlog", "at_once")
@explained_by("listen.backlog_cap", "listen.full_backlog")
def test_a_hundred_clients_find_room_in_its_queue(server):
    """While the server is busy a hundred clients are connected at once, and wait for it.

    listen(2): those for which its backlog has no room try again a second later on Linux, and are refused on others. A
    backlog of 5 or 10 is one of old manuals. The server is stopped meanwhile, so that it is as busy as can be.
    """
    cap = backlog_cap()
    if cap is not None and cap < QUEUED:
        pytest.skip(f"this system cuts a backlog to {cap}")
    server.serve()
    with ExitStack() as stack:
        with stopped(server):
            peers = [stack.enter_context(knock(server)) for _ in range(QUEUED)]
            connected = connected_of(peers, QUEUED_SECONDS)
        assert connected == QUEUED, f"{connected} of {QUEUED} clients found room in its queue"
    server.serve()


@promises("vanished_clients")
@explained_by("accept.after_reset")
def test_it_does_not_wait_in_accept_for_a_client_that_was_announced(start_server, work):
    """A server that waits in poll(2) or its like for clients has a listener that does not block.

    POSIX accept: it blocks when no connection is there. On BSDs one that was reset is taken out of the queue, so that
    accept waits for the next client, and the server for nothing else, though poll had said that it would not. On Linux
    the connection stays: there the listener's flag tells, and in what the process sleeps.
    """
    calls = Tracer(work / "accepts", ACCEPTS, follow=True)
    server = start_server(wrapper=calls.wrapper)
    server.serve()
    accepting = {
        (int(found[1]), int(found[2])) for found in re.finditer(r"^(\d+) +accept4?\((\d+),", calls.text(), re.MULTILINE)
    }
    if not accepting or not (PROC / "self/wchan").exists():
        pytest.skip("this system does not show how a process listens, and in what it sleeps")
    for pid, fd in accepting:  # some may be its own, such as those that make a pair of sockets
        if is_listener(pid, fd, server.addresses[0], server.subject.transport) and may_block(pid, fd):
            asleep = comes_to_sleep_in(pid)
            assert not any(word in asleep for word in WAITED_IN), f"descriptor {fd} blocks, and it sleeps in {asleep}"


@promises("keepalive")
def test_a_client_that_has_vanished_is_asked_for(server):
    """The server notices that the machine of a client is gone, by SO_KEEPALIVE.

    RFC 9293 3.8.4: nothing is sent on an idle connection, so that one whose other end lost its power lives for ever. On
    FreeBSD it is asked for by default (net.inet.tcp.always_keepalive), on other systems where the program wants it.
    """
    with server.guest() as guest:
        kept = is_kept_alive(server.port, guest.getsockname()[1])
        if kept is None:
            pytest.skip("the server has closed the connection, or this system does not show its timers")
        assert kept, "SO_KEEPALIVE is not set on its side of the connection"


def may_block(pid: int, fd: int) -> bool:
    """Whether a descriptor is there, and O_NONBLOCK is not set on it (proc_pid_fdinfo(5))."""
    try:
        found = re.search(r"^flags:\s+([0-7]+)", (PROC / str(pid) / "fdinfo" / str(fd)).read_text(), re.MULTILINE)
    except OSError:
        return False
    return found is not None and not int(found[1], 8) & os.O_NONBLOCK


def comes_to_sleep_in(pid: int) -> str:
    """As `sleeps_in`, once it waits for clients: in accept(2), or, where it does not come to that, in `WAITED_IN`."""
    with suppress(TimeoutError):
        return wait_until(lambda: asleep_in(pid, ("accept",)), "the process to be in accept", BACK_SECONDS)
    with suppress(TimeoutError):
        return wait_until(lambda: asleep_in(pid, WAITED_IN), "the process to sleep", ASLEEP_SECONDS)
    return sleeps_in(pid)


def asleep_in(pid: int, words: tuple[str, ...]) -> str | None:
    found = sleeps_in(pid)
    return found if any(word in found for word in words) else None


def sleeps_in(pid: int) -> str:
    """The functions of the kernel in which its threads sleep; only `accept` where one of them is in that."""
    found = []
    for thread in (PROC / str(pid) / "task").iterdir():
        try:
            found.append((thread / "wchan").read_text())
        except OSError:
            continue
    return "accept" if any("accept" in each for each in found) else ", ".join(sorted(set(found)))
