"""Advisory locks: asking for one, holding one in another process, waiting for one in another process."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support.calls import Call, outcome

Lock = Callable[[int, int], object]
"""fcntl.flock (by open file description) or fcntl.lockf (POSIX record lock of the whole file, by process)."""

SHARED, EXCLUSIVE, UNLOCK = fcntl.LOCK_SH, fcntl.LOCK_EX, fcntl.LOCK_UN
FREE, TAKEN = "ok", "EAGAIN"


@contextmanager
def opened(path: Path, flags: int = os.O_RDWR) -> Iterator[int]:
    """A descriptor of an open file description of its own, made if need be; closed at the end of the block."""
    fd = os.open(path, flags | os.O_CREAT, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)


def ask(lock: Lock, fd: int, how: int) -> str:
    """Ask without waiting: `ok`, `EAGAIN` when somebody has the lock, or another errno."""
    answer = outcome(lock, fd, how | fcntl.LOCK_NB)
    return TAKEN if answer == "EACCES" else answer  # POSIX fcntl: EACCES or EAGAIN


def ask_from_another_process(lock: Lock, path: Path, how: int) -> str:
    """Ask without waiting, in a child with an open file description of its own."""
    with Call(_ask, lock, str(path), how) as call:
        answer: str = call.result()
        return answer


def _ask(lock: Lock, path: str, how: int) -> str:
    with opened(Path(path)) as fd:
        return ask(lock, fd, how)


@contextmanager
def held(lock: Lock, path: Path, how: int) -> Iterator[Call]:
    """A child that holds a lock through an open file description of its own until the end of the block."""
    with Call(take, lock, str(path), how) as holder:
        assert holder.result() == FREE, f"the lock was not free: {holder.result()}"
        yield holder


def take(lock: Lock, path: str, *hows: int) -> str:
    """Take one lock after the other through one descriptor, waiting each time, and keep it open."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    for how in hows:
        answer = outcome(lock, fd, how)
        if answer != FREE:
            break
    return answer
