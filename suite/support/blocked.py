"""Processes that block in one system call and get a signal there, not before and not after it."""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from support.child import Channel, Child, readable
from support.deadline import Deadline
from support.forks import expect, wait_asleep

SECONDS = 10.0


def python_answer(block: Callable[..., object], *arguments: Any, restart: bool) -> str:
    """What becomes of a Python call that blocks when SIGUSR1 is caught with or without SA_RESTART.

    PEP 475 hides EINTR: Python runs its handler and calls again. So the handlers are watched. The C-level one writes
    into a pipe at once, in both cases. Python's own runs while the call goes on after EINTR only; when the kernel
    restarts the call, it has to wait for the call's end. Both pass before the process sleeps again, so nothing is
    timed. `restarted` or `EINTR`.
    """
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    try:
        with Child(_block, block, arguments, restart, write_fd) as child:
            child.wait("blocking")
            wait_asleep(child.pid)
            child.kill(signal.SIGUSR1)
            expect(read_fd)
            wait_asleep(child.pid)
            return "EINTR" if readable(read_fd, 0) else "restarted"
    finally:
        os.close(read_fd)
        os.close(write_fd)


def _block(
    channel: Channel, block: Callable[..., object], arguments: tuple[Any, ...], restart: bool, noted_fd: int
) -> None:
    signal.signal(signal.SIGUSR1, lambda *_: os.write(noted_fd, b"handled"))
    signal.siginterrupt(signal.SIGUSR1, not restart)
    signal.set_wakeup_fd(noted_fd)
    block(lambda: channel.tell("blocking"), *arguments)


def c_answers(command: list[str | Path], folder: Path) -> list[str]:
    """The lines of a helper that says `blocking`, is sent SIGUSR1 once it sleeps, and says what came of it.

    Raises AssertionError with its stderr, subprocess.TimeoutExpired.
    """
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True
    )
    assert process.stdout is not None
    lines = []
    try:
        while (line := process.stdout.readline().decode().strip()) not in ("blocking", ""):
            lines.append(line)
        if line:
            wait_asleep(process.pid)
            process.send_signal(signal.SIGUSR1)
        output, errors = process.communicate(timeout=Deadline(SECONDS).seconds)
        said = f"{command}: status {process.returncode}: {errors.decode().strip()}"
        assert process.returncode == 0, said
        assert line, said
        return lines + output.decode().splitlines()
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
