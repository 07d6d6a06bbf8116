"""Facts: limits: of this user, of this system, and whether they bind."""

import os
import resource

import pytest

from support.calls import outcome
from support.child import in_child
from support.kernel import setting
from support.users import can_fork

RESOURCES = ("NOFILE", "NPROC", "CORE", "STACK", "FSIZE")
SYSTEM_LIMITS = ("SC_PAGE_SIZE", "SC_CLK_TCK", "SC_ARG_MAX", "SC_IOV_MAX")
PATH_LIMITS = ("PC_PATH_MAX", "PC_NAME_MAX", "PC_PIPE_BUF")
NOBODY = 65534


def test_resource_limits(fact):
    """Which resource limits has a process here?

    POSIX getrlimit: soft and hard. They differ by system, login and container: macOS starts with 256 descriptors,
    Docker often with a million, and closing "all" of those before exec takes a while.
    """
    for name in RESOURCES:
        if hasattr(resource, f"RLIMIT_{name}"):
            soft, hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
            fact(f"limits.{name.lower()}", {"soft": number(soft), "hard": number(hard)})


def test_process_limit_binds(fact):
    """Does RLIMIT_NPROC keep this user from forking?

    setrlimit(2): it counts all processes of the real user, and binds neither uid 0 nor CAP_SYS_RESOURCE on Linux, nor
    root on the BSDs. A probe that wants fork to fail needs an ordinary user. Measured with a limit of one process.
    """
    if not hasattr(resource, "RLIMIT_NPROC"):
        pytest.skip("no RLIMIT_NPROC here")
    fact("limits.nproc_binds", in_child(fork_at_limit))


def test_descriptor_limit_binds(fact):
    """Which errno does open give at RLIMIT_NOFILE, and can the limit be lower than what is open?

    POSIX open: EMFILE. setrlimit(2) leaves open descriptors alone, on every system.
    """
    fact("limits.nofile_errno", in_child(open_at_limit))


def test_file_size_limit(fact):
    """What does writing past RLIMIT_FSIZE do: a signal or an errno?

    POSIX write: SIGXFSZ, and EFBIG when it is caught or ignored, as it is in Python. A chat log without room looks so.
    """
    fact("limits.fsize_errno", in_child(write_at_limit))


def test_system_limits(fact):
    """Which limits does the system state: page size, clock ticks, arguments, paths, atomic pipe writes?

    POSIX sysconf and pathconf; PIPE_BUF is 512 at least, 4096 on Linux and 512 on the BSDs and macOS. null: no limit,
    or none that is told. OPEN_MAX and CHILD_MAX say what getrlimit does.
    """
    fact("limits.sysconf", {name[3:].lower(): ask(os.sysconf, name) for name in SYSTEM_LIMITS})
    fact("limits.pathconf", {name[3:].lower(): ask(os.pathconf, "/", name) for name in PATH_LIMITS})


def test_largest_pid(fact):
    """How large can a process ID be?

    POSIX leaves pid_t's range open. Linux: kernel.pid_max (proc(5)), 4194304 on most 64-bit systems, 32768 by default;
    FreeBSD: kern.pid_max, 99999; NetBSD and macOS: 30000 and 99998, not told. Pid files and logs with five columns
    break above 99999.
    """
    text = setting("kernel/pid_max", "kern.pid_max")
    if text is None:
        pytest.skip("no pid_max in /proc/sys or sysctl here")
    fact("limits.pid_max", int(text))


def test_becoming_another_user(fact):
    """Who is the user here, and can it become another one?

    setuid(2): only with privilege; in a user namespace with a single user mapped EINVAL for everybody else, uid 0 or
    not. Servers that drop privileges fail there.
    """
    fact("user.is_uid_0", os.geteuid() == 0)
    fact("user.setuid_to_nobody", in_child(lambda channel: outcome(os.setuid, NOBODY)))


def number(limit: int) -> int | str:
    return "unlimited" if limit == resource.RLIM_INFINITY else limit


def fork_at_limit(channel) -> bool:
    """One fork, with a limit that is reached already: this process itself counts."""
    resource.setrlimit(resource.RLIMIT_NPROC, (1, resource.getrlimit(resource.RLIMIT_NPROC)[1]))
    return not can_fork()


def open_at_limit(channel) -> str:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 20)
    resource.setrlimit(resource.RLIMIT_NOFILE, (10, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return outcome(fill_descriptors)


def fill_descriptors() -> None:
    for _ in range(20):
        os.open(os.devnull, os.O_RDONLY)


def write_at_limit(channel) -> str:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with open("limited", "wb", buffering=0) as file:
        file.write(bytes(10))
        return outcome(file.write, b"x")


def ask(call, *arguments) -> int | None:
    """None where there is no such limit, or the system does not tell."""
    try:
        answer = call(*arguments)
    except (OSError, ValueError):
        return None
    return answer if answer != -1 else None
