"""Runs one command on a platform, for a limited time, and leaves none of its processes behind.

    python3 supervise.py SECONDS COMMAND [ARGUMENT…]

The command leads a session of its own. When it ends, when SECONDS are over (exit status 124), at SIGTERM, or when
stdin, if it is a pipe or a socket, reaches its end because whoever asked for all this is gone, every process is killed
that is in its process group or carries its ANYUNIX_CELL variable: servers start sessions of their own, so the group is
not enough.
"""

import os
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

TAG = "ANYUNIX_CELL"
TIMED_OUT = 124
KEPT = ("PYTHONPATH", "PYTHONHOME")
"""The one is ours; the other is a Python's that does not start without it."""
LOOK_SECONDS = 0.2


def main(arguments: list[str]) -> int:
    seconds, *command = arguments
    mode = os.fstat(0).st_mode
    tied = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    default_signals()
    try:
        process = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"supervise: cannot start {command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    try:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        status = wait(process, time.monotonic() + float(seconds), tied)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one is enough to get here
        end_all(process.pid)
        process.wait()
    return 128 - status if status < 0 else status


def environment() -> dict[str, str]:
    """What somebody set for pytest and Python of their own must not change what the probes see."""
    return {name: value for name, value in os.environ.items()
            if name in KEPT or not name.startswith(("PYTEST_", "PYTHON"))}


def default_signals() -> None:
    """What nohup(1), a shell's `&` or a CI system ignores must not change what the probes see."""
    for number in signal.valid_signals():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def wait(process: "subprocess.Popen[bytes]", end: float, tied: bool) -> int:
    """The command's return code; TIMED_OUT when the time or, if tied, the owner is gone first."""
    if not hasattr(os, "pidfd_open"):
        return wait_looking(process, end, tied)
    poller = select.poll()
    try:
        pidfd = os.pidfd_open(process.pid)
    except OSError:  # an old kernel, or an emulated one
        return wait_looking(process, end, tied)
    poller.register(pidfd, select.POLLIN)
    if tied:
        poller.register(0, select.POLLIN)
    ready = {fd for fd, _ in poller.poll(max(0.0, end - time.monotonic()) * 1000)}
    return process.wait() if pidfd in ready else TIMED_OUT


def wait_looking(process: "subprocess.Popen[bytes]", end: float, tied: bool) -> int:
    """As `wait`, on systems whose processes cannot be polled."""
    poller = select.poll()
    if tied:
        poller.register(0, select.POLLIN)
    while time.monotonic() < end:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(LOOK_SECONDS)
        if poller.poll(0):
            break
    return TIMED_OUT


def end_all(group: int) -> None:
    """SIGKILL the group and whoever carries this cell's tag, again until none is left (they may be forking)."""
    with suppress(OSError):
        os.killpg(group, signal.SIGKILL)
    tag = f"{TAG}={os.environ.get(TAG, '')}"
    if tag == f"{TAG}=":
        return
    for _ in range(10):
        found = [pid for pid in tagged(tag) if pid != os.getpid()]
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def tagged(tag: str) -> Iterator[int]:
    """Processes whose environment holds `tag`: from /proc, else from ps, which shows one's own processes'."""
    if Path("/proc/self/environ").exists():
        for entry in os.listdir("/proc"):
            with suppress(OSError):
                if entry.isdigit() and tag.encode() in Path("/proc", entry, "environ").read_bytes().split(b"\0"):
                    yield int(entry)
        return
    listing = subprocess.run(["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=False)
    for line in listing.stdout.splitlines():
        pid, *words = line.split()
        if tag in words:
            yield int(pid)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
