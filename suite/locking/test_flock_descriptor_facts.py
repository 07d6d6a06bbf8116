"""Facts: on which descriptors and with which flags locks are taken at all."""

import os
from contextlib import suppress
from fcntl import LOCK_NB, flock, lockf

from support.calls import outcome
from support.locks import EXCLUSIVE, SHARED, UNLOCK, ask, opened


def test_exclusive_lock_on_a_read_only_descriptor(fact, work):
    """Can a file that is open for reading only be locked exclusively?

    flock(2) on Linux and the BSDs: the mode does not matter; illumos EBADF (flock(3C)), Linux on NFS EBADF as well
    (flock(2), NFS details). POSIX fcntl: a write lock needs a descriptor open for writing, EBADF.
    """
    with opened(work / "log"), opened(work / "log", os.O_RDONLY) as fd:
        fact("flock.exclusive_on_read_only", ask(flock, fd, EXCLUSIVE))
        flock(fd, UNLOCK)  # where flock and fcntl share one lock space
        fact("fcntl.exclusive_on_read_only", ask(lockf, fd, EXCLUSIVE))


def test_shared_lock_on_a_write_only_descriptor(fact, work):
    """Can a file that is open for writing only, as an appender has it, be locked shared?

    flock(2): yes on Linux and the BSDs; illumos EBADF (flock(3C)). POSIX fcntl: a read lock needs a descriptor open
    for reading, EBADF.
    """
    with opened(work / "log", os.O_WRONLY | os.O_APPEND) as fd:
        fact("flock.shared_on_write_only", ask(flock, fd, SHARED))
        flock(fd, UNLOCK)
        fact("fcntl.shared_on_write_only", ask(lockf, fd, SHARED))


def test_unlock_with_nonblock(fact, work):
    """Is LOCK_UN|LOCK_NB accepted?

    No standard has flock. Linux and FreeBSD ignore LOCK_NB there (measured); illumos says EINVAL (flock(3C)).
    """
    with opened(work / "log") as fd:
        flock(fd, EXCLUSIVE)
        fact("flock.unlock_with_nb", outcome(flock, fd, UNLOCK | LOCK_NB))


def test_unlock_of_what_is_not_locked(fact, work):
    """Is LOCK_UN without a lock an error?

    No on Linux and FreeBSD (measured; flock(2) names no such error), so a cleanup path may unlock twice.
    """
    with opened(work / "log") as fd:
        fact("flock.unlock_without_lock", outcome(flock, fd, UNLOCK))


def test_lock_on_other_files(fact, work):
    """Can directories, fifos and pipes be locked, as lock files of many programs are directories?

    flock(2) of Linux: any file. FreeBSD: EOPNOTSUPP for a descriptor that is no file, which a pipe is not and a fifo is
    (measured), macOS ENOTSUP for fifos and pipes (flock(2) of each).
    """
    os.mkfifo("fifo")
    ends = os.pipe()
    descriptors = {
        "directory": os.open(".", os.O_RDONLY),
        "fifo": os.open("fifo", os.O_RDONLY | os.O_NONBLOCK),
        "pipe": ends[0],
    }
    for name, fd in descriptors.items():
        fact(f"flock.on_{name}", ask(flock, fd, SHARED))  # for which reading is enough everywhere
    for fd in {*ends, *descriptors.values()}:
        with suppress(OSError):
            os.close(fd)
