"""Facts: what a fork takes along, what an exec keeps open, and who takes an orphan."""

import os
import resource
from pathlib import Path

from support.abi import abi
from support.calls import outcome
from support.child import in_child
from support.deadline import SLOWNESS, patience, wait_until
from support.family import ending, expect, fork

ADOPTION_SECONDS, REAPING_SECONDS = 5.0, 0.5


def test_fork_inherits(fact):
    """Does a forked child have its parent's limits, umask, folder and priority?

    POSIX fork: all of these. Systems agree.
    """
    fact("fork.inherits", in_child(inherited))


def test_fork_shares_file_offset(fact):
    """Do parent and forked child share the offset of a file that was open before the fork?

    POSIX fork: yes, both refer to one open file description. This is how readers of the paper's server moved each
    other's position, and why each process opens the log itself.
    """
    fact("fork.shares_file_offset", in_child(offset_after_child_read))


def test_descriptors_of_python_across_exec(fact):
    """Is a descriptor that Python made and nobody marked closed at exec?

    POSIX open and exec: it stays open. Python marks all it makes with FD_CLOEXEC since 3.4 (PEP 446), so a server that
    is ported from C to Python, or back, loses descriptors or leaks them.
    """
    with open(os.devnull) as file:
        fact("exec.closes_descriptors_of_python", not os.get_inheritable(file.fileno()))


def test_descriptors_of_c_across_exec(fact, work):
    """Is a descriptor that C's open made and nobody marked closed at exec?

    POSIX open: FD_CLOEXEC is clear without O_CLOEXEC. Systems agree: a fork-based server that executes helpers hands
    its listener and log to them.
    """
    fact("exec.closes_descriptors_of_c", bool(abi(work)["open_is_cloexec"]))


def test_who_adopts_an_orphan(fact):
    """Who becomes the parent of a process whose parent ended: process 1 or somebody nearer?

    POSIX _exit: an implementation-defined system process. Process 1, or on Linux the nearest ancestor that asked for it
    (PR_SET_CHILD_SUBREAPER: systemd --user, containerd's shim), on FreeBSD procctl(PROC_REAP_ACQUIRE). getppid() == 1
    is therefore no test for "my parent died".
    """
    fact("orphans.adopted_by", "process 1" if in_child(adopter) == 1 else "a subreaper")


def test_orphans_are_reaped(fact):
    """Is an orphan that ended waited for by whoever adopted it, so that no zombie stays?

    POSIX wait is the only end of a zombie. init does so on SIGCHLD; a container's process 1 that is a server or `sleep`
    never does, and zombies pile up to the PID limit (krallin/tini). Two in a row, half a second each: one that only
    looks now and then is caught by the second, which starts when it has just looked.
    """
    fact("orphans.reaped_at_once", in_child(orphan_disappears) and in_child(orphan_disappears))


def inherited(channel) -> dict[str, bool]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (99, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    os.umask(0o027)
    os.chdir("/")
    os.nice(1)
    return in_child(inheritance, os.nice(0))


def inheritance(channel, priority: int) -> dict[str, bool]:
    return {
        "limits": resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 99,
        "umask": os.umask(0) == 0o027,
        "folder": Path.cwd() == Path("/"),
        "priority": os.nice(0) == priority,
    }


def offset_after_child_read(channel) -> bool:
    Path("shared").write_text("0123456789")
    fd = os.open("shared", os.O_RDONLY)
    assert ending(fork(os.read, fd, 4)) == "exit status 0"
    return os.lseek(fd, 0, os.SEEK_CUR) == 4


def adopter(channel) -> int:
    """The pid of an orphan's new parent, as the orphan sees it."""
    read_fd, write_fd = os.pipe()

    def orphan(parent: int) -> None:
        wait_until(lambda: os.getppid() != parent, "another parent", ADOPTION_SECONDS)
        os.write(write_fd, b"%10d" % os.getppid())

    ending(fork(lambda: fork(orphan, os.getpid())))
    return int(expect(read_fd, 10))


def orphan_disappears(channel) -> bool:
    read_fd, write_fd = os.pipe()
    ending(fork(lambda: fork(lambda: os.write(write_fd, b"%10d" % os.getpid()))))
    pid = int(expect(read_fd, 10))
    try:
        # the same on a busy machine: over a longer time one that looks now and then would count as well
        seconds = REAPING_SECONDS * SLOWNESS / patience()
        wait_until(lambda: outcome(os.kill, pid, 0) == "ESRCH", f"orphan {pid} to be reaped", seconds)
    except TimeoutError:
        return False
    return True
