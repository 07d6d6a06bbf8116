"""Contracts of any server: told to stop at bad moments, stopped and continued, robbed of a process."""

import os
import signal
from contextlib import suppress

import pytest

from support.child import Child, in_child
from support.deadline import wait_until
from support.ending import CRASHES, SECONDS, its_own, need_stop, promised_end, stop, tell_to_stop, wait_ended
from support.forks import fork, pause
from support.marks import explained_by, promises
from support.net import connect_error
from support.peers import BUSY_SECONDS, Rests, flood, lazy
from support.processes import still_running
from support.ready import NotReady
from support.server import Server
from support.stopped import stopped
from support.tracer import Tracer

TIMES, CLIENTS, RELOAD_CLIENTS = 3, 3, 30
AGAIN_SECONDS, ENDING_SECONDS = 10.0, 1.0
WAITS = (
    "?poll,?ppoll,?ppoll_time64,?select,?_newselect,?pselect6,?pselect6_time64,?epoll_wait,?epoll_pwait,?epoll_pwait2"
)


def test_told_to_stop_again_and_again_it_ends(server):
    """The signal that ends the server, sent until it has ended, ends it as one alone does.

    POSIX sigaction: a signal may come while the handler of an earlier one runs, or while what that one began is under
    way. Impatient people, and supervisors with a short patience, send it again.
    """
    need_stop(server)
    with server.guest():
        forks = its_own(server)

        def told_again() -> bool:
            tell_to_stop(server)
            return bool(still_running(forks))

        wait_until(told_again, "the server to end with all its processes", SECONDS[promised_end(server)])
    wait_ended(server, forks)


def test_told_to_stop_while_it_starts_it_ends(start_server, work):
    """A server that is told to stop while it calls listen(2) ends, at once or as soon as it is ready.

    POSIX sigaction, sigsuspend: a handler that notes the signal in a variable, which is cleared later in the start, or
    looked at before a wait that nothing ends any more, has the supervisor wait for ever. The tracer sends it at that
    call.
    """
    subject = start_server.subject
    tracer = Tracer(work / "listen", "listen", f"signal={subject.stop}:when=1")
    try:
        server = start_server(wrapper=tracer.wrapper)
    except NotReady as error:
        if "listen(" not in tracer.text():
            raise
        assert error.returncode is not None, f"it neither ends nor gets ready: {error}"
        assert error.returncode not in CRASHES, str(error)
        return
    if f"--- {subject.stop} " not in tracer.text():
        pytest.skip("the server's first process does not call listen(2)")
    need_stop(server)
    wait_ended(server)


@promises("at_once")
def test_told_to_stop_in_a_flood_it_ends(server):
    """A server to which clients come without a pause ends as soon as it is told to.

    accept(2) has a next connection each time: who looks for the signal when there are no more of them does not look.
    """
    need_stop(server)
    with Child(flood, server.hosts()[0], server.port, seconds=60.0) as crowd:
        crowd.wait("flooding")
        stop(server)


def test_told_to_stop_it_ends_though_a_client_does_not_read(server):
    """A server that waits for a client to take its answer ends as soon as it is told to.

    POSIX send: it blocks while the buffer is full. With SA_RESTART, or in a loop that calls it again after EINTR, the
    signal does not end that wait.
    """
    need_stop(server)
    if not server.subject.talk or not server.subject.talk.send:
        pytest.skip("the subject file names nothing that a client says first (talk.send)")
    with lazy(server):
        stop(server)


@promises("process_group")
def test_its_end_spares_the_process_group_that_it_was_started_in(start_server):
    """Told to stop, a server ends itself, and no other process of the group in which it was started.

    kill(2) with 0 is a signal to all of the caller's group: to the shell script, the make or the test that started it,
    too, unless the server has made a group of its own (setpgid(2), setsid(2)).
    """
    assert in_child(stop_beside_another, start_server, seconds=60.0) == "spared"


@promises("sigwinch")
@pytest.mark.parametrize("name", ["SIGWINCH", "SIGCONT", "SIGURG"])
def test_signals_that_mean_nothing_end_nobody(server, name):
    """A terminal that is resized, a shell's `fg`, a byte of urgent data: each sends a signal, which ends nobody.

    POSIX signal.h: the default action of the three is to be ignored, or to continue. Some servers have given them a
    meaning of their own.
    """
    with server.guest():
        for process in server.processes():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.Signals[name])
        if not server.promises["at_once"]:
            return
        for _ in range(CLIENTS):
            server.serve()
    assert server.alive()


@explained_by("stopped.handles_signals")
def test_stopped_and_continued_it_goes_on(server):
    """A server that is stopped and continued goes on serving.

    signal(7), "Interruption by stop signals": on Linux epoll_wait(2), and others that have a time limit, fail with
    EINTR then, though no handler was called; elsewhere they do not.
    """
    server.serve()
    for _ in range(TIMES):
        with suppress(TimeoutError):
            wait_until(Rests(server).still, "it to wait for the next client", BUSY_SECONDS)
        with stopped(server):
            pass
        server.serve()
    assert server.alive()


@promises("interrupted")
@explained_by("sa_restart.without_it")
def test_a_wait_that_is_interrupted_ends_nobody(start_server, work):
    """A server whose waits for events are interrupted now and then goes on serving.

    POSIX poll and select: EINTR after a handler has run, whatever SA_RESTART says. A server gets SIGCHLD for each
    client that has left. Here each third wait of each process fails so, or each fourth where it lives and serves nobody
    then: one may rest by two more such calls before it waits again, as ProFTPD does, and meets the third each time.
    """
    server, tracer = interrupted(start_server, work, 3)
    try:
        serve_some(server)
    except (OSError, AssertionError):
        if has_ended(server) or server.subject.starting.port:  # which the first one has
            raise
        server, tracer = interrupted(start_server, work, 4)
        serve_some(server)
    tracer.demand()


@promises("reload")
def test_a_reload_refuses_nobody(server):
    """A server that reads its configuration again at a signal serves each client that comes meanwhile.

    close(2), listen(2): a listener that is closed and opened again refuses those who come between, and resets those in
    its queue. The signal is SIGHUP, or the one that its file names: SIGUSR1 of Apache, SIGUSR2 of HAProxy and php-fpm.
    """
    promised = server.promises["reload"]
    if promised is True and server.promises["sighup"] != "survives":
        pytest.skip(f"{server.subject.name} does not promise to go on serving at SIGHUP, or names another signal")
    server.serve()
    server.signal(signal.SIGHUP if promised is True else signal.Signals[promised])
    for _ in range(RELOAD_CLIENTS):
        server.serve()
    assert server.alive()


@promises("children_killed")
def test_its_other_processes_are_killed_and_it_serves_again(server):
    """When all processes but the first are killed, the server serves the next client, or ends as a whole.

    POSIX sigaction: SIGKILL cannot be caught; the kernel sends it when memory runs out. A first process that holds the
    port, and has nobody who serves, refuses nobody and answers nobody.
    """
    with server.guest():
        others = [pid for pid in server.forks() if pid != server.pid]
        if not others:
            pytest.skip("it has one process only")
        for pid in others:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: still_running(others), "the killed processes to end", AGAIN_SECONDS)
    promised, gone = server.promises["children_killed"], {"ECONNREFUSED"}
    wait_until(lambda: server.serves() or not server.alive(), "a client to be served again", AGAIN_SECONDS)
    if promised == "ends":
        assert {connect_error(host, server.port) for host in server.hosts()} == gone
        return
    assert server.alive(), "it ended with its other processes"
    for _ in range(CLIENTS):
        wait_until(server.serves, "a client to be served again", AGAIN_SECONDS)


def interrupted(start_server, work, stride: int) -> tuple[Server, Tracer]:
    """Of each of its processes one in so many waits is interrupted, from the second on."""
    tracer = Tracer(work / f"waits-{stride}", WAITS, f"error=EINTR:when=2+{stride}", follow=True)
    return start_server(wrapper=tracer.wrapper), tracer


def serve_some(server: Server) -> None:
    for _ in range(CLIENTS):
        server.serve()
    assert server.alive()


def has_ended(server: Server) -> bool:
    """Or is on its way to its end."""
    with suppress(TimeoutError):
        wait_until(lambda: not server.alive(), "it to end", ENDING_SECONDS)
    return not server.alive()


def stop_beside_another(_, start_server) -> str:
    """In a session of this process alone: start the server in the same group as another process, and stop it."""
    other = fork(pause)
    server = start_server(new_session=False)
    try:
        if not promised_end(server):
            return "spared"
        server.serve()
        stop(server)
        return "spared" if os.waitpid(other, os.WNOHANG) == (0, 0) else "ended"
    finally:
        server.end()
