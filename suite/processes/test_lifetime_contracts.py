"""Contracts: which processes live how long (chat/PROTOCOL.md, "Processes")."""

import os
import signal
from contextlib import ExitStack, suppress

import pytest

from support.chat import Refused
from support.deadline import wait_until
from support.marks import explained_by, speaks_chat
from support.net import connect_error, reset
from support.processes import all_processes, kill_all, state_of, still_running

pytestmark = speaks_chat


@explained_by("accept.after_reset", "accept.inherits_nonblock")
def test_no_process_stays_when_clients_leave(server):
    """Whichever way a client leaves, by EOF, close or RST, its processes end and are reaped.

    chat/PROTOCOL.md, Processes; wait(2): a child that nobody waits for stays a zombie.
    """
    finishing, closing, resetting, refused = (server.client() for _ in range(4))
    assert finishing.finish() == []
    finishing.close()
    closing.close()
    reset(resetting.socket)
    refused.send_raw(b"\x00\n")
    assert refused.refusal() == "bad-text"
    refused.close()
    server.wait_alone()
    assert server.alive()


def test_children_do_not_hold_the_listener(server):
    """When the parent is killed nobody listens any more, though its children still stand: they closed the listener.

    fork(2) copies every descriptor, and a port listens until the last copy is closed. The children are stopped
    first, so they cannot make room by ending.
    """
    with server.client(), ExitStack() as stack:
        children = [process.pid for process in server.processes() if process.pid != server.pid]
        assert children
        stack.callback(kill_all, children)  # they outlive their parent, and SIGTERM while they are stopped
        for pid in children:
            os.kill(pid, signal.SIGSTOP)
            wait_until(lambda pid=pid: state_of(pid) == "T", f"child {pid} to stop")
        server.signal(signal.SIGKILL)
        server.wait()
        assert {connect_error(host, server.port) for host in server.hosts()} == {"ECONNREFUSED"}


@explained_by("orphans.adopted_by", "orphans.reaped_at_once")
def test_sigkill_of_the_parent_ends_its_children(server):
    """A parent that dies without a word takes its children along, and every connection is closed.

    No signal handler runs at SIGKILL; prctl(PR_SET_PDEATHSIG) is Linux's and procctl(2) FreeBSD's own, so it is
    the EOF of a pipe that tells them.
    """
    with server.client() as client, server.client() as other:
        forks = {process.pid for process in server.processes()}
        server.signal(signal.SIGKILL)
        server.wait()
        assert client.ended()
        assert other.ended()
        wait_until(lambda: still_running(forks), "the children of the killed parent to end")


def test_max_clients_is_kept_and_the_place_is_free_again(start_server):
    """One client over `--max-clients` gets ERR full at once; when another has left, the next one is served.

    chat/PROTOCOL.md, Errors and Command line. A place is free when the child was reaped, not when the socket closed.
    """
    server = start_server("--max-clients", "2")
    with server.client() as first, server.client() as second:
        for _ in range(3):
            with pytest.raises(Refused) as caught:
                server.client().close()
            assert caught.value.reason == "full"
        second.close()
        wait_until(lambda: len(server.receivers()) == 1, "the place of the client that left")
        with server.client() as third:
            third.send("hello")
            assert first.receive() == third.receive() == "hello"


@explained_by("getsid.other_session", "orphans.adopted_by", "orphans.reaped_at_once", "syslog.socket")
def test_daemon_is_detached(start_server, work):
    """With `--daemon` the process in front ends with 0, and the server lives on in a session of its own.

    setsid(2) needs a process that leads no group, hence the fork; stdout is closed, or a pipeline would wait for ever.
    """
    pid_file = work / "pid"
    front = start_server("--daemon", "--pid-file", str(pid_file))
    daemon = int(pid_file.read_text())
    try:
        assert front.wait() == 0
        assert daemon != front.pid
        assert next(process.group for process in all_processes() if process.pid == daemon) == daemon
        with suppress(PermissionError):  # OpenBSD tells nothing of another session
            assert os.getsid(daemon) == daemon
        wait_until(lambda: front.output.ended("stdout"), "stdout to be closed")
        with front.client() as client:
            client.send("hello")
            assert client.receive() == "hello"
            os.kill(daemon, signal.SIGTERM)
            assert client.ended()
        wait_until(lambda: still_running({daemon}), "the daemon to end by SIGTERM")
        assert not pid_file.exists()
    finally:
        kill_all([process.pid for process in all_processes() if process.group == daemon])
