"""Facts: what flock(2) excludes, whose the lock is, and when it goes."""

import os
import subprocess
from fcntl import flock

from support.calls import Call
from support.locks import EXCLUSIVE, FREE, SHARED, TAKEN, UNLOCK, ask, ask_from_another_process, held, opened, take

MODES = {"SH": SHARED, "EX": EXCLUSIVE}


def test_table(fact, work):
    """Which of shared and exclusive locks of two processes go together?

    flock(2) of Linux and the BSDs: shared ones only. The key is `held+asked for`.
    """
    table = {}
    for mine, how in MODES.items():
        with held(flock, work / "log", how):
            table |= {f"{mine}+{other}": ask_from_another_process(flock, work / "log", MODES[other]) for other in MODES}
    fact("flock.table", table)


def test_blocking_request_waits(fact, work):
    """Does a request without LOCK_NB sleep until the lock is free, and then get it?

    flock(2): yes. The kernel's process state shows the sleep, the grant comes after the release.
    """
    with opened(work / "log") as fd:
        flock(fd, EXCLUSIVE)
        with Call(take, flock, "log", EXCLUSIVE) as waiter:
            waited = waiter.blocked()
            flock(fd, UNLOCK)
            fact("flock.blocking_request_waits", waited and waiter.result() == FREE)


def test_two_opens_in_one_process(fact, work):
    """Do two open() of one file in one process exclude each other?

    flock(2) of Linux and the BSDs: yes, the lock belongs to the open file description. Where a library emulates
    flock by fcntl locks it belongs to the process, and they do not.
    """
    with opened(work / "log") as mine, opened(work / "log") as other:
        flock(mine, EXCLUSIVE)
        fact("flock.two_opens_conflict", ask(flock, other, EXCLUSIVE) == TAKEN)


def test_duplicated_descriptor(fact, work):
    """Does dup() give another handle on the same lock: granted again, and dropped by an unlock through either?

    flock(2): yes, both refer to one open file description.
    """
    with opened(work / "log") as mine:
        flock(mine, EXCLUSIVE)
        duplicate = os.dup(mine)
        fact("flock.dup_shares_lock", ask(flock, duplicate, EXCLUSIVE) == FREE)
        flock(duplicate, UNLOCK)
        fact("flock.dup_unlocks", ask_from_another_process(flock, work / "log", EXCLUSIVE) == FREE)
        os.close(duplicate)


def test_descriptor_inherited_over_fork(fact, work):
    """Does a lock through a descriptor that was opened before fork() exclude the parent or the siblings?

    flock(2): nobody, parent and child share one lock everywhere; a child gets LOCK_EX while its parent holds it, and
    its LOCK_UN drops the parent's lock. A log opened once before the fork, as in the paper, is not protected.
    """
    with opened(work / "log") as inherited:
        flock(inherited, EXCLUSIVE)
        with Call(ask, flock, inherited, EXCLUSIVE) as child:
            fact("flock.inherited_descriptor_excludes", child.result() == TAKEN)
        fact("flock.kept_when_child_exits", ask_from_another_process(flock, work / "log", EXCLUSIVE) == TAKEN)
        with Call(flock, inherited, UNLOCK) as child:
            child.result()
        freed = ask_from_another_process(flock, work / "log", EXCLUSIVE) == FREE
        fact("flock.child_unlock_drops_parents_lock", freed)


def test_last_close_releases(fact, work):
    """Does the lock stay until the last of several descriptors is closed?

    flock(2): until all duplicates are closed, a forked child's too: a forgotten child keeps its parent's lock.
    """
    with opened(work / "log") as first:
        flock(first, EXCLUSIVE)
        second = os.dup(first)
    kept = ask_from_another_process(flock, work / "log", EXCLUSIVE) == TAKEN
    os.close(second)
    freed = ask_from_another_process(flock, work / "log", EXCLUSIVE) == FREE
    fact("flock.released_by_last_close_only", kept and freed)


def test_killed_holder(fact, work):
    """Is the lock free once its holder was killed and reaped?

    POSIX _exit, flock(2): the end of a process closes its descriptors and with them goes the lock, so no stale lock
    stays behind, unless a child of the holder has inherited the descriptor.
    """
    with opened(work / "log") as fd, held(flock, work / "log", EXCLUSIVE) as holder:
        assert ask(flock, fd, EXCLUSIVE) == TAKEN, "the holder holds nothing"
        holder.kill()
        fact("flock.released_by_sigkill", ask(flock, fd, EXCLUSIVE) == FREE)


def test_lock_survives_exec(fact, work):
    """Does a lock stay when its holder execs another program and the descriptor stays open?

    flock(2), Linux: locks are preserved across execve(2). A CGI or a shell started by a server keeps the log locked
    unless the descriptor has FD_CLOEXEC.
    """
    with (
        opened(work / "log") as mine,
        subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(mine,), preexec_fn=lambda: flock(mine, EXCLUSIVE)),
    ):  # Popen returns after the exec; cat waits for the end of its input
        kept = ask_from_another_process(flock, work / "log", EXCLUSIVE) == TAKEN
    fact("flock.survives_exec", kept)
