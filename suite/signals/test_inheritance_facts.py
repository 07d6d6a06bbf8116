"""Facts: what fork and exec do to masks, dispositions, pending signals and timers."""

import os
import signal

from support.child import Child, in_child
from support.family import after_exec

LONG_SECONDS = 1000
STATE_AT_START = """
import signal
blocked, pending = signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending()
words = {signal.SIG_IGN: "ignored", signal.SIG_DFL: "default"}
print(*["blocked" if signal.SIGUSR2 in blocked else "open", "pending" if signal.SIGUSR2 in pending else "none"],
      *[words.get(signal.getsignal(number), "other") for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)])
"""
LEFT_ON_TIMERS = """
import signal
print(signal.getitimer(signal.ITIMER_REAL)[0], signal.getitimer(signal.ITIMER_VIRTUAL)[0])
"""


def test_fork_keeps_mask_and_dispositions(fact):
    """Does a forked child have its parent's signal mask, ignored and caught signals?

    POSIX fork: yes, all three; every system agrees. A child that must not run its parent's handlers has to set its
    own before it unblocks.
    """
    fact("signals.fork_keeps", in_child(state_after_fork))


def test_fork_clears_pending_signals(fact):
    """Are signals that are pending in the parent pending in a forked child?

    POSIX fork: the child's set is empty, as on Linux (fork(2)).
    """
    fact("signals.fork_keeps_pending", in_child(pending_after_fork))


def test_exec_keeps_mask_and_ignored_signals(fact):
    """Which signal state lives on in a program that is executed?

    POSIX exec: mask, pending and ignored signals stay, caught ones are set to their default. Measured with an
    interpreter that tells what it finds at its start: SIGUSR2 was blocked and pending, SIGHUP ignored, SIGUSR1 caught.
    """
    blocked, pending, ignored, caught, _ = in_child(state_after_exec)
    fact("signals.exec_keeps_mask", blocked == "blocked")
    fact("signals.exec_keeps_pending", pending == "pending")
    fact("signals.exec_keeps_ignored", ignored == "ignored")
    fact("signals.exec_sets_caught_to", caught)


def test_exec_and_ignored_sigchld(fact):
    """Is SIGCHLD still ignored in an executed program, so that its children leave no status?

    POSIX exec leaves it unspecified. Linux keeps it (execve(2)); FreeBSD and OpenBSD set it to the default in execsigs
    (sys/kern/kern_sig.c; measured on FreeBSD 14.0). A server should set SIGCHLD itself at its start.
    """
    fact("signals.exec_keeps_ignored_sigchld", in_child(state_after_exec)[-1] == "ignored")


def test_timers_across_fork(fact):
    """Do alarm() and setitimer() of the parent run on in a forked child?

    POSIX fork: no, alarms are cancelled and interval timers reset, so a child that is due within a time limit has to
    start its own. Systems agree.
    """
    fact("timers.fork_keeps", in_child(timers_after_fork))


def test_timers_across_exec(fact):
    """Do alarm() and setitimer() run on in an executed program?

    POSIX exec: the time left until an alarm is preserved; interval timers too (setitimer, XSI). Systems agree:
    SIGALRM with its default disposition kills the new program when a server forgets to stop its timer.
    """
    real, virtual = in_child(timers_after_exec)
    fact("timers.exec_keeps", {"alarm": float(real) > 0, "setitimer virtual": float(virtual) > 0})


def set_state() -> None:
    """SIGUSR2 blocked and pending, SIGHUP and SIGCHLD ignored, SIGUSR1 caught, all in the process that calls exec."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    os.kill(os.getpid(), signal.SIGUSR2)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, lambda *_: None)


def state_after_exec(channel) -> list[str]:
    return after_exec(STATE_AT_START, set_state)


def state_after_fork(channel) -> dict[str, bool]:
    caught: list[int] = []
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, lambda *_: caught.append(1))
    return {"mask": in_child(usr2_is_blocked), "ignored": survives(signal.SIGHUP), "caught": survives(signal.SIGUSR1)}


def usr2_is_blocked(channel) -> bool:
    return signal.SIGUSR2 in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def survives(number: int) -> bool:
    """Whether a forked child lives on after sending itself a signal that kills by default."""
    with Child(lambda channel: os.kill(os.getpid(), number)) as child:
        return not os.WIFSIGNALED(child.reap())


def pending_after_fork(channel) -> bool:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    os.kill(os.getpid(), signal.SIGUSR1)
    return in_child(lambda channel: signal.SIGUSR1 in signal.sigpending())


def start_timers() -> None:
    signal.alarm(LONG_SECONDS)
    signal.setitimer(signal.ITIMER_VIRTUAL, LONG_SECONDS)


def timers_after_fork(channel) -> dict[str, bool]:
    start_timers()
    alarm = in_child(lambda channel: signal.alarm(0) > 0)
    virtual = in_child(lambda channel: signal.getitimer(signal.ITIMER_VIRTUAL)[0] > 0)
    signal.alarm(0)
    signal.setitimer(signal.ITIMER_REAL, LONG_SECONDS)
    real = in_child(lambda channel: signal.getitimer(signal.ITIMER_REAL)[0] > 0)
    return {"alarm": alarm, "setitimer real": real, "setitimer virtual": virtual}


def timers_after_exec(channel) -> list[str]:
    return after_exec(LEFT_ON_TIMERS, start_timers)
