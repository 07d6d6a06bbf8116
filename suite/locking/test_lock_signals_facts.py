"""Facts: whether a signal interrupts a process that waits for a lock."""

import os
import signal
from contextlib import ExitStack
from fcntl import flock, lockf

import pytest

from support.calls import Call
from support.child import readable
from support.locks import EXCLUSIVE, FREE, Lock, held, take

LOCKS = {"flock": flock, "fcntl": lockf}


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("restart", [False, True], ids=["without_sa_restart", "with_sa_restart"])
def test_signal_while_waiting_for_a_lock(fact, work, name, restart):
    """Does a signal whose handler returns end the wait for a lock with EINTR, without and with SA_RESTART?

    POSIX sigaction: SA_RESTART restarts the call. Linux restarts flock and F_SETLKW (signal(7)), the BSDs too;
    illumos says of flock "interrupted with any signal" (flock(3C)). In C, no SA_RESTART means EINTR.
    CPython repeats the call after EINTR (PEP 475), and runs its own handler first; a call that the kernel restarts
    does not come back to CPython, so its handler waits until the lock is granted. That tells them apart.
    """
    with ExitStack() as stack:
        delivered, delivery = pipe(stack)
        handled, handling = pipe(stack)
        holder = stack.enter_context(held(LOCKS[name], work / "log", EXCLUSIVE))
        waiter = stack.enter_context(Call(take_with_handler, LOCKS[name], restart, delivery, handling))
        assert waiter.blocked(), f"the lock was not held: {waiter.result()}"
        os.kill(waiter.pid, signal.SIGUSR1)
        assert readable(delivered, 10), "the signal was not delivered"
        assert waiter.blocked(), f"the wait ended: {waiter.result()}"
        interrupted = readable(handled, 0)
        holder.kill()
        assert waiter.result() == FREE
    fact(f"{name}.eintr_{'with' if restart else 'without'}_sa_restart", interrupted)


def take_with_handler(lock: Lock, restart: bool, delivery: int, handling: int) -> str:
    """Take the lock, with SIGUSR1 announced twice: when the kernel delivers it, when CPython's handler runs."""
    os.set_blocking(delivery, False)
    signal.set_wakeup_fd(delivery)
    signal.signal(signal.SIGUSR1, lambda number, frame: os.write(handling, b"!"))
    signal.siginterrupt(signal.SIGUSR1, not restart)
    return take(lock, "log", EXCLUSIVE)


def pipe(stack: ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for fd in ends:
        stack.callback(os.close, fd)
    return ends
