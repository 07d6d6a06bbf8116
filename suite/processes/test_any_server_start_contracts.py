"""Contracts of any server: whoever starts it, and with whatever environment, it serves."""

import os
import stat

import pytest

from support import seccomp
from support.deadline import wait_until
from support.ending import need_stop, stop
from support.marks import explained_by, promises
from support.processes import zombies_of
from support.started import (
    STDERR,
    STDOUT,
    LogReader,
    on_a_full_disk,
    with_children_ignored,
    with_signals_blocked,
    without,
)

CLIENTS, SETTLE_SECONDS = 3, 10.0
KEPT = ("PATH", "LD_", "DYLD_", "ANYUNIX_")
"""What the names of variables start with that stay: the way to programs and libraries, and what this suite needs."""


@promises("environment")
def test_without_an_environment_it_serves(start_server):
    """Started without HOME, USER, LANG, TERM and whatever else there is mostly, the server serves.

    POSIX exec hands on what the caller names, and init, cron and inetd name little. getenv(3) returns NULL then.
    """
    own = start_server.subject.environment
    gone = {name: None for name in os.environ if not name.startswith(KEPT) and name not in own}
    assert_serves(start_server(environment=gone))


@promises("locale")
@explained_by("locale.utf8")
@pytest.mark.parametrize("name", ["xx_YY.UTF-8", "C.utf8", "POSIX"])
def test_under_any_locale_it_serves(start_server, name):
    """Under a locale that this system does not have, or has under another name, the server serves.

    POSIX setlocale: a null pointer, and nothing is changed; C++'s std::locale and Python's setlocale raise then. ssh
    hands the client's LC_* on to systems that do not have them; C.UTF-8 is missing on some.
    """
    assert_serves(start_server(environment={"LC_ALL": name, "LANG": name}))


@promises("time_zone")
@pytest.mark.parametrize("zone", ["Nowhere/Nothing", ":/etc/passwd", "<+1245>-12:45", ""])
def test_under_any_time_zone_it_serves(start_server, zone):
    """In a time zone that this system does not know the server serves.

    POSIX, 8.3: TZ is a rule, `:` and something else, or a name of a database that images often lack; tzset(3) uses UTC
    for what it does not understand, where libraries of languages fail.
    """
    assert_serves(start_server(environment={"TZ": zone}))


@promises("environment")
def test_without_a_home_it_serves(start_server, work):
    """With a HOME that is not there the server serves.

    adduser(8) gives services /nonexistent, and a container's user may have no home at all.
    """
    nowhere = str(work / "nonexistent")
    assert_serves(start_server(environment={"HOME": nowhere, "XDG_RUNTIME_DIR": nowhere}))


@promises("umask")
def test_whatever_the_umask_no_stranger_may_write_its_files(start_server, work):
    """Started with a umask of 0, the server leaves no file that everybody may write to.

    POSIX open: the mode is what the program says, less the umask, and fopen(3) says 0666. A file with a process ID that
    everybody may write to has root kill any process.
    """
    server = start_server(before_exec=lambda: os.umask(0))
    server.serve()
    modes = {path: path.lstat().st_mode for path in work.rglob("*")}
    wide = {path.name for path, mode in modes.items() if stat.S_ISREG(mode) and mode & stat.S_IWOTH}
    assert not wide, f"everybody may write to {', '.join(sorted(wide))}"


@promises("umask")
def test_with_a_strict_umask_it_serves(start_server):
    """Started with a umask of 077, the server serves.

    POSIX umask: what it makes is for its own user alone, which is not the one that it becomes later on.
    """
    assert_serves(start_server(before_exec=lambda: os.umask(0o077)))


@promises("closed_descriptors")
def test_without_standard_descriptors_it_serves(start_server):
    """Started with stdin and stderr closed, and stdout where nobody waits for a line there, the server serves.

    POSIX open returns the lowest number that is free: a connection gets 2, and what goes to stderr goes to its client.
    """
    server = start_server(before_exec=without(0, *silent(start_server)))
    assert_serves(server)


@promises("lost_log")
@explained_by("sigpipe.default")
def test_the_end_of_its_logs_reader_ends_nobody(start_server):
    """When the program that reads its log has ended, the server goes on serving.

    POSIX write: EPIPE to a pipe that nobody reads, and SIGPIPE, whose default action ends the process. A log is no
    reason to stop.
    """
    reader = LogReader(*silent(start_server))
    try:
        server = start_server(before_exec=reader.begin)
    finally:
        reader.end()
    assert_serves(server)


@promises("lost_log")
def test_a_log_on_a_full_disk_ends_nobody(start_server):
    """A server whose stderr has no room for what it writes goes on serving.

    POSIX write: ENOSPC. Languages that report errors of their streams raise it where nobody expects it.
    """
    assert_serves(start_server(before_exec=on_a_full_disk(STDERR)))


@promises("blocked_signals")
@explained_by("signals.exec_keeps_mask")
def test_it_hears_signals_that_its_starter_had_blocked(start_server):
    """Started with all signals blocked, the server serves, and ends when it is told to.

    POSIX exec: the mask stays. A shell, a supervisor or a thread of a program that starts it may have blocked some.
    """
    server = start_server(before_exec=with_signals_blocked)
    need_stop(server)
    assert_serves(server)
    stop(server)


@promises("children")
@explained_by("signals.exec_keeps_ignored_sigchld", "sigchld.ignored_waitpid")
def test_a_starter_that_ignored_sigchld_changes_nothing(start_server):
    """Started with SIGCHLD ignored, the server serves, and leaves no zombie.

    POSIX exec leaves it open whether that stays: it does on Linux, where wait(2) then fails with ECHILD, and does not
    on FreeBSD and OpenBSD.
    """
    server = start_server(before_exec=with_children_ignored)
    assert_serves(server)
    wait_until(lambda: zombies_of(server.processes()), "the server to reap its children", SETTLE_SECONDS)


@promises("old_kernel")
@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_calls_that_are_not_to_be_had_are_done_without(start_server, error):
    """Where the kernel, or a filter in front of it, does not know a new call, the server serves without it.

    syscall(2): ENOSYS on an older kernel, here for all that is newer than Linux 5.0, such as clone3, openat2,
    close_range and io_uring. EPERM, here for io_uring alone, is what filters of containers answer, and the setting
    kernel.io_uring_disabled.
    """
    seccomp.need()
    calls = seccomp.NEWER if error == "ENOSYS" else seccomp.IO_URING
    assert_serves(start_server(before_exec=lambda: seccomp.refuse(calls, error)))


@promises("side_by_side")
def test_two_of_them_run_side_by_side(start_server):
    """Two of one kind, with ports of their own, both serve; the end of one costs the other nothing.

    POSIX open, O_EXCL; flock(2); kill(2): a file, socket or lock at a path that is in no configuration, or a signal to
    all processes of one name, lets one live.
    """
    first, second = start_server(), start_server()
    first.serve()
    second.serve()
    need_stop(first)
    stop(first)
    assert_serves(second)


def assert_serves(server) -> None:
    for _ in range(CLIENTS):
        server.serve()
    assert server.alive()


def silent(start_server) -> tuple[int, ...]:
    """Of stderr and stdout, those on which nobody waits for a line that says that it is ready."""
    return (STDERR,) if start_server.subject.ready.how == "line" else (STDERR, STDOUT)
