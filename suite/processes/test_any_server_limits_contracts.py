"""Contracts of any server: what becomes of it at limits, and with calls that fail because of one."""

import re
import resource
from collections.abc import Callable
from itertools import pairwise

import pytest

from support.deadline import wait_until
from support.limits import limited, need_limits_of_others
from support.marks import explained_by, promises
from support.ready import NotReady
from support.server import Server
from support.started import need_room, with_address_space, with_many_descriptors
from support.tracer import ACCEPTS, FORKS, Tracer

SELECTABLE = 1024
"""FD_SETSIZE of Linux, the BSDs and macOS; 65,536 in 64-bit programs of illumos."""
SMALL_STACK = 256 * 1024
SMALL_SPACE = 64 * 1024 * 1024
CLIENTS, SOON = 3, 12
SERVED_SECONDS = 10.0
ENDS_AT_MOST = 128
"""Exit statuses from here on are a shell's way to say that a signal ended its command."""


@promises("high_descriptors")
@explained_by("limits.nofile")
def test_descriptors_above_1023_serve_clients_or_are_refused(start_server):
    """A server whose sockets have numbers over 1,023 serves clients, or ends with an error that says so.

    POSIX FD_SET: with a number of FD_SETSIZE or more the behaviour is undefined. glibc ends the program
    (_FORTIFY_SOURCE), other libcs write past the set; Python's select raises ValueError. poll(2) has no such limit.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * SELECTABLE:
        pytest.skip(f"no more than {hard} descriptors are allowed here")
    limits = {resource.RLIMIT_NOFILE: 2 * SELECTABLE}
    served_or_refused(lambda: start_server(wrapper=with_many_descriptors(SELECTABLE), limits=limits))


@promises("small_stack")
@explained_by("limits.stack")
def test_a_small_stack_is_enough_or_refused(start_server):
    """With a stack of 256 KiB the server serves, or says that it cannot: it is not killed by a signal.

    setrlimit(2), RLIMIT_STACK: SIGSEGV when it is used up. Threads have less by default elsewhere: 128 KiB with musl,
    512 KiB with macOS, where glibc gives them what this limit says, mostly 8 MiB.
    """
    served_or_refused(lambda: start_server(limits={resource.RLIMIT_STACK: SMALL_STACK}))


@promises("small_address_space")
def test_a_small_address_space_is_enough_or_refused(start_server):
    """With 64 MiB of address space the server serves, or says that it cannot: it is not killed by a signal.

    setrlimit(2), RLIMIT_AS; POSIX malloc, mmap: ENOMEM, and a null pointer that has to be looked at. Service managers
    set it (LimitAS=); on systems without it nothing is tried.
    """
    if not hasattr(resource, "RLIMIT_AS"):
        pytest.skip("this system has no limit on address space")
    served_or_refused(lambda: start_server(wrapper=with_address_space(SMALL_SPACE)))


@promises("no_process")
@explained_by("limits.nproc_binds")
def test_a_process_that_cannot_be_started_costs_one_client(start_server, work):
    """When no process or thread can be started for a client, that client is turned away, and the next one is served.

    fork(2) and pthread_create(3): EAGAIN at a limit on processes. A server that ends ends all its clients; one that
    does not close the connection leaves that client waiting for ever.
    """
    count = Tracer(work / "forks", FORKS, follow=True)
    first = start_server(wrapper=count.wrapper)
    counts = [forks_after_a_client(count, first) for _ in range(CLIENTS)]
    begun = counts[0]
    if any(later == earlier for earlier, later in pairwise(counts)):
        pytest.skip("the server's first process starts no process and no thread for each client")
    tracer = Tracer(work / "no-forks", FORKS, f"error=EAGAIN:when={begun}", follow=True)
    server = start_server(wrapper=tracer.wrapper)
    for _ in range(SOON):  # it need not have had as many clients by now
        if tracer.injected(r"\d+ .*(clone|fork)"):
            break
        server.serves()
    server.serve()
    assert server.alive()
    tracer.demand()


@promises("accept_errors")
@pytest.mark.parametrize("error", ["ECONNABORTED", "EINTR", "EMFILE", "ENOBUFS", "EPROTO"])
def test_an_error_of_accept_ends_nobody(start_server, work, error):
    """A server whose accept fails once goes on, and serves the next client; it may turn away the one that waited.

    accept(2): ECONNABORTED when a client is gone before it is accepted (POSIX, the BSDs), EPROTO (SVR4), pending errors
    of the network on Linux alone, EMFILE and ENOBUFS at limits, EINTR after a signal. Here it is the second accept of
    each process: one that ends because of it may be replaced by another, whose first one is as good as any.
    """
    tracer = Tracer(work / "accept", ACCEPTS, f"error={error}:when=2", follow=True)
    server = start_server(wrapper=tracer.wrapper)
    for _ in range(SOON):
        if tracer.injected(r"\d+ .*accept"):
            break
        server.serves()
    # each of its processes and threads may turn one away
    wait_until(lambda: not server.alive() or server.serves(), "a client to be served", SERVED_SECONDS)
    assert server.alive()
    tracer.demand()


@promises("file_limit")
@explained_by("limits.fsize_errno")
def test_a_file_that_may_not_grow_ends_nobody(server):
    """A server that may not write to files any more goes on serving.

    setrlimit(2), RLIMIT_FSIZE: EFBIG, and SIGXFSZ, whose default action ends the process. A shell or an init script
    sets that limit for a log that must not fill the disk.
    """
    need_limits_of_others()
    server.serve()
    with limited(server.pid, resource.RLIMIT_FSIZE, 0):
        for _ in range(CLIENTS):
            server.serve()
    assert server.alive()


def served_or_refused(start: Callable[[], Server]) -> None:
    """It serves, or has ended by itself with an error."""
    try:
        server = start()
    except NotReady as error:
        need_room(error)
        assert error.returncode is not None, f"it neither serves nor ends: {error}"
        assert 0 < error.returncode < ENDS_AT_MOST, f"it does not say that it cannot serve: {error}"
        return
    for _ in range(CLIENTS):
        server.serve()
    assert server.alive()


def forks_after_a_client(tracer: Tracer, server) -> int:
    """As `forks_in`, once one more was served."""
    server.serve()
    return forks_in(tracer, server.pid)


def forks_in(tracer: Tracer, pid: int) -> int:
    """How many processes and threads one has started, as far as it was written down."""
    own = [line for line in tracer.text().splitlines() if line.split(maxsplit=1)[0] == str(pid)]
    return sum(bool(re.match(r"\d+ +\w*(clone|fork)\w*\(", line)) for line in own)
