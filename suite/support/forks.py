"""Processes that a probe's child forks: started, waited for, asked."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from support.calls import ASLEEP
from support.child import describe_status, readable
from support.deadline import Deadline, wait_until
from support.processes import state_of

SECONDS = 5.0


def fork(function: Callable[..., object], *arguments: Any) -> int:
    """Run `function(*arguments)` in a fork in the same process group; its pid. It exits 0, or 1 when it raised."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            function(*arguments)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def pause() -> None:
    """Sleep until a signal ends the process. A Python handler runs late when its signal comes before the sleep."""
    while True:
        signal.pause()


def zombie(own_group: bool = False) -> int:
    """The pid of a child that has ended and was not waited for; the leader of a group of its own if asked."""
    pid = fork(os.setpgid, 0, 0) if own_group else fork(int)
    wait_until(lambda: state_of(pid) == "Z", f"process {pid} to end")
    return pid


def wait_asleep(pid: int) -> None:
    """Wait until a process sleeps in a call that signals can interrupt: state S, on the BSDs also I (idle).

    When the process said that it is about to call, and makes no other blocking call, it is in that call then.
    """
    wait_until(lambda: state_of(pid) in ASLEEP, f"process {pid} to sleep in a system call")


def wait_stopped(pid: int) -> None:
    """Wait until a process is stopped, without taking its status from whoever waits for it."""
    wait_until(lambda: state_of(pid) == "T", f"process {pid} to be stopped")


def ending(pid: int) -> str:
    """Wait for a child: `exit status 0`, `killed by SIGPIPE`."""
    return describe_status(os.waitpid(pid, 0)[1])


def expect(fd: int, count: int = 1) -> bytes:
    """`count` bytes from a pipe. Raises TimeoutError, EOFError."""
    data = b""
    while len(data) < count:
        if not readable(fd, Deadline(SECONDS).seconds):
            raise TimeoutError(f"waited {SECONDS:g} s for {count} bytes, got {data!r}")
        piece = os.read(fd, count - len(data))
        if not piece:
            raise EOFError(f"the other end closed after {data!r} of {count} bytes")
        data += piece
    return data


def after_exec(code: str, prepare: Callable[[], object]) -> list[str]:
    """Fork, call `prepare`, and exec a fresh interpreter in its place; the words that `code` prints there.

    To be called in a child of the probe, whose deadline ends it. Raises AssertionError.
    """
    read_fd, write_fd = os.pipe()

    def become() -> None:
        prepare()
        os.dup2(write_fd, 1)
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", code])

    pid = fork(become)
    os.close(write_fd)
    with open(read_fd) as output:
        words = output.read().split()
    status = ending(pid)
    assert status == "exit status 0", f"after exec: {status}"
    return words
