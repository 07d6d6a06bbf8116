"""Contracts: pid files, relative paths and the process in front (chat/PROTOCOL.md, "Processes", "Command line")."""

import os
import signal

import pytest

from support.deadline import wait_until
from support.devices import KINDS, kind_of, make_device
from support.forks import wait_stopped
from support.marks import explained_by, speaks_chat
from support.net import connect_error
from support.processes import all_processes, kill_all, still_running
from support.ready import NotReady

pytestmark = speaks_chat


def test_a_second_server_with_its_pid_file_is_refused(start_server, work):
    """While a server lives no other one starts with the same pid file, and the file goes on to name the first.

    chat/PROTOCOL.md, Command line. A number in a file says nothing about a process: after a crash it is another's. The
    lock on the file ends with the process that holds it (flock(2)).
    """
    pid_file = work / "pid"
    server = start_server("--pid-file", str(pid_file))
    with pytest.raises(NotReady) as caught:
        start_server("--pid-file", str(pid_file))
    assert caught.value.returncode == 1
    assert str(pid_file) in caught.value.stderr
    assert pid_file.read_text() == f"{server.pid}\n"
    assert server.stop() == 0
    assert not pid_file.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_for_a_pid_file_is_refused(start_server, work, kind):
    """A server whose pid file is to be a FIFO or a device ends with exit status 1, says so, and leaves that there.

    chat/PROTOCOL.md, Command line. unlink(2) and rename(2) ask for nothing but the name: `--pid-file /dev/null`, and
    the next program that writes there fills the disk. open(2) of a FIFO for writing waits for somebody who reads.
    """
    pid_file = work / "pid"
    make_device(pid_file, kind)
    with pytest.raises(NotReady) as caught:
        start_server("--pid-file", str(pid_file))
    assert caught.value.returncode == 1
    assert str(pid_file) in caught.value.stderr
    assert kind_of(pid_file) == kind


def test_children_do_not_keep_its_pid_file(start_server, work):
    """When the parent is killed another server can have the pid file, though children of the first still stand.

    flock(2): the lock is the open file's, which fork(2) shares, and it is free when the last copy is closed. The
    children are stopped first, so they cannot make room by ending.
    """
    pid_file = work / "pid"
    server = start_server("--pid-file", str(pid_file))
    with server.client():
        children = [process.pid for process in server.processes() if process.pid != server.pid]
        assert children
        try:
            for pid in children:
                os.kill(pid, signal.SIGSTOP)
                wait_stopped(pid)
            server.signal(signal.SIGKILL)
            server.wait()
            again = start_server("--pid-file", str(pid_file))
            assert pid_file.read_text() == f"{again.pid}\n"
        finally:
            kill_all(children)  # they outlive their parent, and SIGTERM while they are stopped


@explained_by("getsid.other_session", "orphans.adopted_by", "orphans.reaped_at_once", "syslog.socket")
def test_a_daemons_relative_paths_are_those_of_its_start(start_server, work):
    """With `--daemon` a relative log and pid file are in the folder that the server was started in.

    A daemon changes to / so as not to keep a file system busy, and each of its processes opens the log by its name,
    from the folder that it is in by then (POSIX open, chdir).
    """
    log, pid_file = (
        os.path.relpath(work.resolve() / name, start_server.subject.root.resolve()) for name in ("relative.log", "pid")
    )
    front = start_server("--daemon", "--log", log, "--pid-file", pid_file)
    daemon = int((work / "pid").read_text())
    try:
        with front.client(name="ada") as ada:
            ada.send("hello")
            assert ada.receive() == "hello"
        assert (work / "relative.log").read_text() == "<ada> hello\n"
        os.kill(daemon, signal.SIGTERM)
        wait_until(lambda: still_running({daemon}), "the daemon to end by SIGTERM")
        assert not (work / "pid").exists()
    finally:
        kill_all([process.pid for process in all_processes() if process.group == daemon])


@explained_by("orphans.adopted_by", "orphans.reaped_at_once")
def test_a_front_that_is_killed_takes_the_server_along(start_server):
    """Started as an interactive shell does it, SIGKILL of the process in front ends the server too.

    chat/PROTOCOL.md, Processes. Nothing runs in a killed process, and whoever started it knows of no other: a server
    that lives on holds its port, and nobody knows its number.
    """
    front = start_server(new_session=False, before_exec=os.setpgrp)
    with front.client() as client:
        forks = {process.pid for process in front.processes()}
        try:
            front.signal(signal.SIGKILL)
            front.wait()
            assert client.ended()
            wait_until(lambda: still_running(forks), "the server to end with the process in front of it")
            assert {connect_error(host, front.port) for host in front.hosts()} == {"ECONNREFUSED"}
        finally:
            kill_all([process.pid for process in still_running(forks)])
