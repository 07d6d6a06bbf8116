"""Facts: which blocking calls go on after a signal handler, and what signal() installs."""

import fcntl
import os
import select
import signal
import socket
import subprocess

from support.blocked import c_answers, python_answer
from support.compiler import helper
from support.forks import expect, fork, pause
from support.loopback import need_loopback
from support.net import listen


def test_calls_after_a_handler_with_sa_restart(fact):
    """Which calls does the kernel restart when a handler with SA_RESTART has returned?

    POSIX sigaction: all interruptible functions but those it names: select and pselect may, and signal(7) says that
    poll, select and whatever has a timeout never are on Linux. illumos' flock(3C) is "interrupted with any signal".
    Measured in Python, PEP 475 notwithstanding (see support/blocked.py).
    """
    for name, block in CALLS.items():
        fact(f"sa_restart.{name}", python_answer(block, restart=True))


def test_calls_after_a_handler_without_sa_restart(fact):
    """Which calls end with EINTR when a handler without SA_RESTART has returned?

    POSIX sigaction: all of them, so a program without SA_RESTART must expect EINTR everywhere.
    """
    fact("sa_restart.without_it", {name: python_answer(block, restart=False) for name, block in CALLS.items()})


def test_sa_restart_as_c_sees_it(fact, work):
    """Which calls return, and which end with EINTR, for a C program that catches a signal with SA_RESTART?

    POSIX sigaction, seen from C. Beside the calls above: recv with SO_RCVTIMEO, which Linux never restarts (signal(7))
    and FreeBSD 14.0 does (measured), and waiting for a record lock.
    """
    need_loopback()
    program = helper(work, "restart")
    calls = subprocess.run([program], capture_output=True, text=True, check=True, timeout=10).stdout.split()
    fact("sa_restart.in_c", {call: c_answers([program, call, "restart"], work)[-1] for call in calls})
    fact("sa_restart.in_c_without_it", {call: c_answers([program, call, "plain"], work)[-1] for call in calls})


def test_signal_function(fact, work):
    """What does C's signal() install: is the handler kept, the signal blocked meanwhile, the call restarted?

    C leaves it open, POSIX signal too. BSD semantics keep, block and restart; System V's do none of it. glibc has
    BSD's by default and System V's under -std=c99 or _XOPEN_SOURCE alone (signal(2)); musl and the BSDs have BSD's
    always. Hence sigaction().
    """
    for name, program in (("default", "signal_call"), ("c99", "signal_call-c99"), ("xopen", "signal_call-xopen")):
        handler, itself, call = c_answers([helper(work, program)], work)
        fact(f"signal_call.{name}", {"handler": handler, "signal meanwhile": itself, "read": call})


def block_in_accept(tell):
    with listen("127.0.0.1") as listener:
        listener.settimeout(None)
        tell()
        listener.accept()


def block_in_recv(tell):
    here, there = socket.socketpair()
    with here, there:
        tell()
        here.recv(1)


def block_in_read(tell):
    read_fd, _ = os.pipe()
    tell()
    os.read(read_fd, 1)


def block_in_write(tell):
    _, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    for size in (65536, 1):
        try:
            while True:
                os.write(write_fd, bytes(size))
        except BlockingIOError:
            pass
    os.set_blocking(write_fd, True)
    tell()
    os.write(write_fd, b"x")


def block_in_flock(tell):
    with open("flock", "w") as holder, open("flock", "r+") as waiter:
        fcntl.flock(holder, fcntl.LOCK_EX)  # two opens, so they exclude each other within one process
        tell()
        fcntl.flock(waiter, fcntl.LOCK_EX)


def block_in_fcntl_lock(tell):
    read_fd, write_fd = os.pipe()
    with open("fcntl_lock", "w") as file:

        def hold() -> None:
            fcntl.lockf(file, fcntl.LOCK_EX)
            os.write(write_fd, b"x")
            pause()

        fork(hold)
        expect(read_fd)
        tell()
        fcntl.lockf(file, fcntl.LOCK_EX)


def block_in_waitpid(tell):
    pid = fork(signal.pause)
    tell()
    os.waitpid(pid, 0)


def block_in_poll(tell):
    read_fd, _ = os.pipe()
    poller = select.poll()
    poller.register(read_fd, select.POLLIN)
    tell()
    poller.poll()


def block_in_select(tell):
    read_fd, _ = os.pipe()
    tell()
    select.select([read_fd], [], [])


CALLS = {
    "accept": block_in_accept,
    "recv": block_in_recv,
    "read_pipe": block_in_read,
    "write_pipe": block_in_write,
    "flock": block_in_flock,
    "fcntl_lock": block_in_fcntl_lock,
    "waitpid": block_in_waitpid,
    "poll": block_in_poll,
    "select": block_in_select,
}
