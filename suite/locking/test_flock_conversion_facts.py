"""Facts: what happens to a flock lock while it is turned from shared into exclusive and back, and who overtakes."""

from contextlib import ExitStack
from fcntl import LOCK_NB, flock

from support.calls import Call
from support.locks import EXCLUSIVE, FREE, SHARED, TAKEN, UNLOCK, ask, ask_from_another_process, held, opened, take

READERS = 4


def test_upgrade_that_waits(fact, work):
    """Does a process that waits to turn its shared lock into an exclusive one keep the shared one meanwhile?

    flock(2) of Linux, FreeBSD, NetBSD, OpenBSD: no, the old lock goes first, and somebody else may get an exclusive
    lock in between: what was read under the shared lock is stale after the upgrade.
    Here this process, with a shared lock too, asks for the exclusive one while the other waits for it.
    """
    with opened(work / "log") as mine:
        flock(mine, SHARED)
        with Call(take, flock, "log", SHARED, EXCLUSIVE) as upgrading:
            assert upgrading.blocked(), f"upgraded beside a shared lock: {upgrading.result()}"
            in_between = ask(flock, mine, EXCLUSIVE) == FREE
            flock(mine, UNLOCK)
            assert upgrading.result() == FREE
    fact("flock.upgrade_keeps_shared_lock", not in_between)


def test_upgrade_that_is_refused(fact, work):
    """Does a process still have its shared lock after LOCK_EX|LOCK_NB was refused?

    Linux: no, the lock is lost (flock(2), Notes). FreeBSD, macOS, NetBSD and OpenBSD give the old lock up only before
    they sleep, so there it stays (lf_setlock in sys/kern/kern_lockf.c; measured on FreeBSD 14.0).
    """
    with opened(work / "log") as mine:
        flock(mine, SHARED)
        with held(flock, work / "log", SHARED):
            assert ask(flock, mine, EXCLUSIVE) == TAKEN, "upgraded beside a shared lock"
        kept = ask_from_another_process(flock, work / "log", EXCLUSIVE) == TAKEN
    fact("flock.refused_upgrade_keeps_shared_lock", kept)


def test_downgrade(fact, work):
    """Can a writer turn its lock into a shared one without letting the next writer in, and do waiting readers get in?

    flock(2) promises no atomic conversion; Linux and FreeBSD replace the lock in one step, so the waiting writer goes
    on waiting. The reader that waits behind it is let in on Linux, and not on FreeBSD 14.0 (measured).
    """
    with opened(work / "log") as mine:
        flock(mine, EXCLUSIVE)
        with Call(take, flock, "log", EXCLUSIVE) as writer, Call(take, flock, "log", SHARED) as reader:
            assert (writer.blocked(), reader.blocked()) == (True, True), "an exclusive lock excluded nobody"
            kept = ask(flock, mine, SHARED) == FREE
            fact("flock.downgrade_lets_writer_in", not (kept and writer.blocked()))
            fact("flock.downgrade_lets_readers_in", not reader.blocked())


def test_readers_overtake_a_waiting_writer(fact, work):
    """Can readers that overlap keep a writer waiting for ever?

    flock(2) promises no order. Linux and the BSDs grant a shared lock whenever the locks held allow it, whoever waits:
    each new reader here comes before the last one leaves, with a writer asleep all the time.
    """
    with ExitStack() as stack:
        leaving = stack.enter_context(held(flock, work / "log", SHARED))
        writer = stack.enter_context(Call(take, flock, "log", EXCLUSIVE))
        assert writer.blocked(), "an exclusive lock beside a shared one"
        overtaken = 0
        for _ in range(READERS):
            coming = stack.enter_context(Call(take, flock, "log", SHARED | LOCK_NB))
            if coming.result() != FREE:
                break
            leaving.kill()
            overtaken += writer.blocked()
            leaving = coming
        leaving.kill()
        assert writer.result() == FREE
    fact("flock.readers_starve_writer", overtaken == READERS)
