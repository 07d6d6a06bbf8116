"""Facts: stopped processes, orphaned process groups, sessions and groups of other processes."""

import os
import signal

from support.calls import outcome
from support.child import Child, describe_status, in_child, readable
from support.deadline import wait_until
from support.family import ending, expect, fork, pause, wait_stopped


def test_signal_to_a_stopped_process(fact):
    """When does a stopped process handle a signal: at once, or when it is continued?

    POSIX 2.4.1: signals other than SIGCONT and SIGKILL stay pending until it is continued. Systems agree. A probe that
    stops a server's child to hold a lock in place has to continue it before SIGTERM can end it.
    """
    read_fd, write_fd = os.pipe()
    with Child(handled_after_marker, read_fd) as child:
        wait_stopped(child.pid)
        child.kill(signal.SIGUSR1)
        os.write(write_fd, b"marker")
        child.kill(signal.SIGCONT)
        fact("stopped.handles_signals", "when continued" if child.result() else "at once")
    for fd in (read_fd, write_fd):
        os.close(fd)


def test_sigterm_and_sigkill_to_a_stopped_process(fact):
    """Do SIGTERM and SIGKILL end a stopped process without SIGCONT?

    POSIX 2.4.1 and kill: SIGKILL does, SIGTERM stays pending. Systems agree.
    """
    with Child(lambda channel: os.kill(os.getpid(), signal.SIGSTOP)) as child:
        wait_stopped(child.pid)
        child.kill(signal.SIGTERM)
        child.kill(signal.SIGKILL)  # later than SIGTERM: which one ended it tells whether SIGTERM waited
        fact("stopped.ended_by", describe_status(child.reap()))


def test_orphaned_group_that_is_stopped(fact):
    """Does a stopped process get SIGHUP and SIGCONT when the death of its parent orphans its process group?

    POSIX _exit: yes, so that nothing stays stopped with nobody to continue it. Systems agree; a child that a probe
    stopped is woken so when its server is killed.
    """
    fact("orphaned_group.stopped_process_gets_sighup", in_child(orphan_a_stopped_group))


def test_ids_of_another_session(fact):
    """May a process ask for the group and the session of a process in another session?

    POSIX getpgid and getsid permit EPERM for it. Linux, FreeBSD and NetBSD answer; OpenBSD refuses
    (mesonbuild/meson#3631).
    """
    with Child(lambda channel: channel.wait("end")) as other:
        fact("getpgid.other_session", outcome(os.getpgid, other.pid))
        fact("getsid.other_session", outcome(os.getsid, other.pid))


def test_setpgid(fact):
    """What may setpgid change: the own group, a child's, a session leader's, a child's after its exec?

    POSIX setpgid: the own and a child's; EPERM for a session leader and for a group of another session, EACCES once
    the child has executed a program. The portable way, unlike setpgrp().
    """
    fact("setpgid", in_child(try_setpgid))


def handled_after_marker(channel, marker_fd: int) -> bool:
    """Stop; whether SIGUSR1's handler, when it ran, could see what was written after SIGUSR1 was sent."""
    seen: list[bool] = []
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(readable(marker_fd, 0)))
    os.kill(os.getpid(), signal.SIGSTOP)
    wait_until(lambda: seen, "SIGUSR1 to be handled")
    return seen[0]


def orphan_a_stopped_group(channel) -> bool:
    """A parent with a child in a group of its own that is stopped: the parent ends, what does the child have?"""
    pids_read, pids_write = os.pipe()
    answer_read, answer_write = os.pipe()

    def member() -> None:
        os.setpgid(0, 0)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        os.write(pids_write, b"%10d" % os.getpid())
        os.kill(os.getpid(), signal.SIGSTOP)
        os.write(answer_write, b"y" if signal.SIGHUP in signal.sigpending() else b"n")

    def parent() -> None:
        fork(member)
        pause()

    parent_pid = fork(parent)
    member_pid = int(expect(pids_read, 10))
    try:
        wait_stopped(member_pid)
        os.kill(parent_pid, signal.SIGKILL)
        os.waitpid(parent_pid, 0)  # its death has done all it does
        outcome(os.kill, member_pid, signal.SIGCONT)  # should it still be stopped; else it may have ended by now
        return expect(answer_read) == b"y"
    finally:
        outcome(os.kill, member_pid, signal.SIGKILL)  # in a group of its own, so nobody else ends it


def try_setpgid(channel) -> dict[str, str]:
    answers = {"session leader": outcome(os.setpgid, 0, 0)}
    child = fork(pause)
    answers["child"] = outcome(os.setpgid, child, child)
    answers["child to another session's group"] = outcome(os.setpgid, child, os.getppid())
    os.kill(child, signal.SIGKILL)
    ending(child)
    own = fork(lambda: os._exit(outcome(os.setpgid, 0, 0) != "ok"))
    answers["own"] = "ok" if ending(own) == "exit status 0" else "refused"
    read_fd, write_fd = os.pipe()  # closed by exec in the child, so that its end is an event
    executed = fork(os.execvp, "sleep", ["sleep", "60"])
    os.close(write_fd)
    assert os.read(read_fd, 1) == b""
    answers["child after exec"] = outcome(os.setpgid, executed, executed)
    os.kill(executed, signal.SIGKILL)
    ending(executed)
    return answers
