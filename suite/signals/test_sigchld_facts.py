"""Facts: SIGCHLD ignored, and what becomes of children that ended."""

import os
import signal

from support.calls import outcome
from support.child import in_child
from support.deadline import wait_until
from support.family import expect, fork, pause, wait_asleep, wait_stopped, zombie

GONE_SECONDS = 2.0


def test_ignored_sigchld_leaves_no_zombies(fact):
    """With SIGCHLD ignored, does a child leave a zombie, and what does waiting for it answer?

    POSIX _exit (XSI): no zombie; wait blocks until all children have ended and fails with ECHILD. Linux since 2.6
    (wait(2)), the BSDs (NetBSD sigaction(2)) and macOS agree; older systems left one. FreeBSD hands the child to
    process 1, which reaps it a moment later.
    """
    answer, gone = in_child(wait_with_sigchld_ignored)
    fact("sigchld.ignored_waitpid", "status" if answer == "ok" else answer)
    fact("sigchld.ignored_leaves_zombie", answer == "ok" or not gone)


def test_ignoring_sigchld_later(fact):
    """Does ignoring SIGCHLD do away with a zombie that is there already?

    POSIX _exit speaks of children that end afterwards only. Linux and FreeBSD keep such a zombie until it is waited
    for, so a server sets the disposition before its first fork.
    """
    fact("sigchld.ignoring_later_removes_zombie", in_child(ignore_after_the_end) == "ECHILD")


def test_sigchld_while_stopped(fact):
    """Does a parent get SIGCHLD when a child is stopped and continued, without SA_NOCLDSTOP?

    POSIX sigaction: when stopped, yes; when continued, it may (XSI). Linux and FreeBSD send both, so a handler that
    takes each SIGCHLD for an end waits with WNOHANG. Python installs handlers without SA_NOCLDSTOP.
    """
    fact("sigchld.sent_when_child_is", in_child(sigchld_of_job_control))


def wait_with_sigchld_ignored(channel) -> tuple[str, bool]:
    """What waiting answers, and whether the child is gone then, or soon."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    pid = fork(int)
    answer = outcome(os.waitpid, pid, 0)
    try:
        wait_until(lambda: outcome(os.kill, pid, 0) == "ESRCH", f"process {pid} to be gone", GONE_SECONDS)
    except TimeoutError:
        return answer, False
    return answer, True


def ignore_after_the_end(channel) -> str:
    pid = zombie()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    return outcome(os.waitpid, pid, 0)


def sigchld_of_job_control(channel) -> dict[str, bool]:
    read_fd, write_fd = os.pipe()
    signal.signal(signal.SIGUSR1, lambda *_: os.write(write_fd, b"x"))
    signal.signal(signal.SIGCHLD, lambda *_: None)  # caught: an ignored one may be discarded while blocked
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    pid = fork(pause)
    try:
        wait_asleep(pid)  # in pause(), so that SIGUSR1 cannot come just before it
        os.kill(pid, signal.SIGSTOP)
        stopped = sigchld_arrives()
        wait_stopped(pid)
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGUSR1)
        expect(read_fd)  # it runs again, so whatever its continuing sends has been sent
        return {"stopped": stopped, "continued": signal.SIGCHLD in signal.sigpending()}
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def sigchld_arrives() -> bool:
    """Take a SIGCHLD; False after a second without one, on systems that send none."""
    try:
        wait_until(lambda: signal.SIGCHLD in signal.sigpending(), "SIGCHLD", 1.0)
    except TimeoutError:
        return False
    return signal.sigwait({signal.SIGCHLD}) == signal.SIGCHLD
