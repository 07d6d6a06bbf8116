"""The chat log as another process meets it: its lock, its bytes, and servers' processes caught at work on it."""

import errno
import fcntl
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.child import readable
from support.deadline import POLL_SECONDS, SLOWNESS, Deadline, wait_until
from support.forks import wait_asleep
from support.processes import state_of

QUIET_SECONDS = 0.1
CATCH_SECONDS = 8.0
DOOR_SECONDS = 8.0
STRIDE_SECONDS = 0.00005
SLEEP_SHARE = 0.3


@contextmanager
def locked(log: Path, how: int = fcntl.LOCK_EX, seconds: float = 5.0) -> Iterator[int]:
    """Hold the log's lock, on a descriptor opened for it that appends. Raises TimeoutError."""
    fd = os.open(log, os.O_RDWR | os.O_APPEND)
    try:
        wait_until(lambda: try_lock(fd, how), "the lock of the log", seconds)
        yield fd
    finally:
        os.close(fd)


def try_lock(fd: int, how: int) -> bool:
    """Take the lock unless another open file description holds one that conflicts."""
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN):
            return False
        raise
    return True


def free(log: int) -> bool:
    """Whether nobody has the log's lock; it is not kept."""
    had = try_lock(log, fcntl.LOCK_EX)
    if had:
        fcntl.flock(log, fcntl.LOCK_UN)
    return had


def at_the_door(writer: int, log: int, say: Callable[[], object]) -> int:
    """`say` gives process `writer` a record to write, until it is seen at the door of write(2), where it has the log's
    lock; how often that was. Raises TimeoutError.

    A tracer holds it there, and stops it nowhere else but at the call's end, when the log has grown, and for its fork:
    it sleeps before. A machine that stands still for as long as the tracer holds it misses the moment: then again.
    """
    deadline = Deadline(DOOR_SECONDS)
    times = 0
    while not deadline.passed():
        wait_asleep(writer)
        size = os.fstat(log).st_size
        say()
        times += 1
        while os.fstat(log).st_size == size and not deadline.passed():
            if not free(log) and state_of(writer) == "t" and os.fstat(log).st_size == size:
                return times
            time.sleep(POLL_SECONDS)  # no event to wait for: poll
    raise TimeoutError(f"process {writer} was not seen before its write within {deadline.seconds:g} s")


def append(log: Path, data: bytes) -> None:
    """Append as a well-behaved foreign writer does: under the lock, in one write."""
    with locked(log) as fd:
        append_rudely(fd, data)


def append_rudely(fd: int, data: bytes) -> None:
    """Append in one write, whoever holds the lock."""
    written = os.write(fd, data)
    assert written == len(data), f"only {written} of {len(data)} bytes could be written to the log"


def quiet(fd: int) -> bool:
    """Whether a socket that must have nothing to say says nothing for 0.1 s.

    Only for what a lock in the probe's hand makes impossible: then no load can make the wait too short.
    """
    return not readable(fd, QUIET_SECONDS)


def unchanged(fd: int, size: int, seconds: float = QUIET_SECONDS) -> bool:
    """Whether a log that nobody can write to keeps its size for so long; as `quiet`."""
    deadline = Deadline(seconds)
    while os.fstat(fd).st_size == size:
        if deadline.passed():
            return True
        time.sleep(POLL_SECONDS)  # a file announces nothing: poll
    return False


@contextmanager
def stopped_with_lock(
    log: Path, pid: int, how: int, keep_busy: Callable[[], object], stride: float = STRIDE_SECONDS
) -> Iterator[int]:
    """Stop process `pid` while it holds the lock `how` on the log; continue it afterwards.

    `keep_busy` gives it something to do, and no other process may take such a lock meanwhile. The process is
    stopped at a random moment, up to about `stride` seconds later, and judged by trying the conflicting lock, until it
    was caught with it: where it stands is then certain. Yields a descriptor that appends to the log. Skips where it
    cannot be caught.
    """
    conflicting = fcntl.LOCK_SH if how == fcntl.LOCK_EX else fcntl.LOCK_EX
    fd = os.open(log, os.O_RDWR | os.O_APPEND)

    def held() -> bool:
        if not try_lock(fd, conflicting):
            return True
        fcntl.flock(fd, fcntl.LOCK_UN)
        return False

    deadline = Deadline(CATCH_SECONDS)
    try:
        while not _stop_if(held, pid):
            os.kill(pid, signal.SIGCONT)
            if deadline.passed():
                pytest.skip(f"process {pid} could not be caught with the lock within {CATCH_SECONDS:g} s")
            keep_busy()
            let_it_run(stride)
        yield fd
    finally:
        os.close(fd)
        with suppress(ProcessLookupError):  # the probe may have killed it
            os.kill(pid, signal.SIGCONT)


def let_it_run(stride: float = STRIDE_SECONDS) -> None:
    """Let a little time pass, chance says how much: how far another process gets in it is to differ each time.

    Mostly without giving the processor away: a sleep takes 50 microseconds or more to end, but where there is one
    processor, or a load, nothing else would happen meanwhile.
    """
    if random.random() < SLEEP_SHARE:
        time.sleep(random.uniform(0, 4 * stride))
        return
    end = time.monotonic() + SLOWNESS * random.uniform(0, stride)  # a pace, no limit: a load does not change it
    while time.monotonic() < end:
        pass


def _stop_if(held: Callable[[], bool], pid: int) -> bool:
    """Stop the process; whether it holds the lock once it has stopped."""
    os.kill(pid, signal.SIGSTOP)
    if not held():
        return False
    wait_until(lambda: state_of(pid) == "T", f"process {pid} to stop")
    return held()
