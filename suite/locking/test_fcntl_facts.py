"""Facts: POSIX record locks (fcntl, lockf), and whether flock(2) knows of them."""

import os
import subprocess
from fcntl import flock, lockf

from support.calls import Call, outcome
from support.locks import EXCLUSIVE, FREE, SHARED, TAKEN, ask, ask_from_another_process, held, opened


def test_flock_and_fcntl(fact, work):
    """Does a flock lock keep out a process that asks with fcntl, and the other way round?

    POSIX has no flock. Linux: independent, on local file systems (flock(2)); the BSDs and macOS: one lock space, they
    conflict (flock(2) of FreeBSD; measured on FreeBSD, NetBSD and OpenBSD); illumos: they conflict (flock(3C)).
    """
    with held(flock, work / "log", EXCLUSIVE):
        fact("flock.conflicts_with_fcntl", ask_from_another_process(lockf, work / "log", EXCLUSIVE) == TAKEN)
    with held(lockf, work / "log", EXCLUSIVE):
        fact("fcntl.conflicts_with_flock", ask_from_another_process(flock, work / "log", EXCLUSIVE) == TAKEN)
    with held(flock, work / "log", SHARED):
        fact("flock.shared_conflicts_with_shared_fcntl", ask_from_another_process(lockf, work / "log", SHARED) == TAKEN)


def test_flock_and_fcntl_in_one_process(fact, work):
    """Can one process take both kinds of lock on one descriptor, to be safe with either?

    No standard has flock. Linux: yes (flock(2)). Where both kinds share one lock space a process locks itself out: on
    FreeBSD and NetBSD (measured) lockf() after flock() on the same descriptor gives EAGAIN, and would wait for ever
    without LOCK_NB.
    """
    with opened(work / "log") as fd:
        flock(fd, EXCLUSIVE)
        fact("fcntl.conflicts_with_own_flock", ask(lockf, fd, EXCLUSIVE) == TAKEN)


def test_two_opens_in_one_process(fact, work):
    """Do fcntl locks through two open() of one file in one process exclude each other?

    POSIX fcntl: no, the owner is the process; threads and forgotten descriptors are not kept out.
    """
    with opened(work / "log") as mine, opened(work / "log") as other:
        lockf(mine, EXCLUSIVE)
        fact("fcntl.two_opens_conflict", ask(lockf, other, EXCLUSIVE) == TAKEN)


def test_lock_is_not_inherited(fact, work):
    """Does a forked child own its parent's fcntl lock, asking through the inherited descriptor?

    POSIX fork: no, so unlike flock it is kept out, and its exit releases nothing of the parent's.
    """
    with opened(work / "log") as inherited:
        lockf(inherited, EXCLUSIVE)
        with Call(ask, lockf, inherited, EXCLUSIVE) as child:
            fact("fcntl.inherited_descriptor_excludes", child.result() == TAKEN)
        fact("fcntl.kept_when_child_exits", ask_from_another_process(lockf, work / "log", EXCLUSIVE) == TAKEN)


def test_any_close_releases(fact, work):
    """Does closing any descriptor of the file drop the process's fcntl locks on it?

    POSIX close: yes, everywhere. A library that opens and closes the log for a moment unlocks it.
    """
    with opened(work / "log") as mine:
        lockf(mine, EXCLUSIVE)
        os.close(os.open("log", os.O_RDONLY))
        fact("fcntl.released_by_any_close", ask_from_another_process(lockf, work / "log", EXCLUSIVE) == FREE)


def test_lock_survives_exec(fact, work):
    """Does an fcntl lock stay when its holder execs another program and the descriptor stays open?

    POSIX exec: yes, the process is the same.
    """
    with (
        opened(work / "log") as mine,
        subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(mine,), preexec_fn=lambda: lockf(mine, EXCLUSIVE)),
    ):  # Popen returns after the exec; cat waits for the end of its input
        answer = ask_from_another_process(lockf, work / "log", EXCLUSIVE)
    fact("fcntl.survives_exec", answer == TAKEN)


def test_deadlock(fact, work):
    """Does the kernel notice when two processes wait for each other's fcntl lock?

    POSIX fcntl: EDEADLK, "if the system detects" it. Linux and the BSDs do for fcntl, nobody for flock (fcntl(2)).
    """
    gate, opening = os.pipe()
    with Call(lock_bytes, 1, 0, gate) as second:
        assert second.blocked(), "the second process did not wait for its turn"
        with Call(lock_bytes, 0, 1) as first:
            assert first.blocked(), f"byte 1 was not locked: {first.result()}"
            os.write(opening, b"!")
            fact("fcntl.deadlock", "waits" if second.blocked() else second.result())
    os.close(gate)
    os.close(opening)


def lock_bytes(mine: int, other: int, gate: int | None = None) -> str:
    """Lock one byte of the file, wait at the gate if there is one, and lock the other byte too."""
    fd = os.open("log", os.O_RDWR | os.O_CREAT, 0o600)
    lockf(fd, EXCLUSIVE, 1, mine)
    if gate is not None:
        os.read(gate, 1)
    return outcome(lockf, fd, EXCLUSIVE, 1, other)
