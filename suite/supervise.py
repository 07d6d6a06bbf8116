"""Runs one command on a platform, for a limited time, and leaves none of its processes behind.

    python3 supervise.py SECONDS COMMAND [ARGUMENT…]

The command leads a session of its own. When it ends, when SECONDS are over (exit status 124), at SIGTERM, SIGHUP or
SIGINT, or when stdin, if it is a pipe or a socket, reaches its end because whoever asked for all this is gone, every
process is killed that is in its process group, carries its ANYUNIX_CELL variable, or its mark (see `set_mark`): servers
start sessions of their own, with an environment of their own. Those that outlive a command which ended by itself are
named on stderr.
"""

import os
import resource
import secrets
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
SETTLE_SECONDS = 0.5
"""What was killed, or was about to end, is gone by then; the rest was left behind."""
END_SECONDS = 5.0
RLIMIT_LOCKS, LOCKS = 10, b"Max file locks"
"""A limit of Linux 2.4 (getrlimit(2)) that every later kernel hands on and none looks at; its line in /proc."""
PROC = Path("/proc")
LEAST_MARK = 1 << 60
"""No limit of an administrator's is that high."""
PARTS = 1 << 16
"""How many parts of a command can be told apart, by marks that follow on its own."""


def main(arguments: list[str]) -> int:
    seconds, *command = arguments
    mode = os.fstat(0).st_mode
    tied = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    default_signals()
    asked = asked_to_end()
    forks = Forks(os.environ.get(TAG, ""), set_mark())
    try:
        process = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"supervise: cannot start {command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    status = wait(process, time.monotonic() + float(seconds), [asked, 0] if tied else [asked])
    if status is None:
        forks.end(process.pid)
        process.wait()
        return 128 + os.read(asked, 1)[0] if readable(asked) else TIMED_OUT
    for line in forks.left_behind():
        print(f"supervise: left behind and ended: {line}", file=sys.stderr)
    forks.end(process.pid)
    return 128 - status if status < 0 else status


def environment() -> dict[str, str]:
    """What somebody set for pytest and Python of their own must not change what the probes see."""
    return {
        name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(("PYTEST_", "PYTHON"))
    }


def default_signals() -> None:
    """What nohup(1), a shell's `&` or a CI system ignores must not change what the probes see."""
    for number in signal.valid_signals():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def asked_to_end() -> int:
    """A descriptor that can be read once a signal asks this process to end: none comes too early for it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, frame: None)
    return reader


def set_mark() -> str:
    """Mark this process and with it all that it will start, however they daemonise: a resource limit without a use
    stays through fork, exec and setsid, and /proc/PID/limits shows it. A child subreaper would find them too, but then
    orphans had another parent than this platform gives them. Empty where there is no such limit.
    """
    mark = LEAST_MARK + secrets.randbits(44) * PARTS
    try:
        carry(mark)
        return str(mark) if marked_as(os.getpid()) == mark else ""
    except (OSError, ValueError):
        return ""


def carry(mark: int) -> None:
    """From here on this process, and what it starts, carries the mark. Raises OSError, ValueError."""
    resource.setrlimit(RLIMIT_LOCKS, (mark, resource.getrlimit(RLIMIT_LOCKS)[1]))


def wait(process: "subprocess.Popen[bytes]", end: float, enders: list[int]) -> int | None:
    """The command's return code; None when the time is over first, or one of `enders` can be read."""
    if not hasattr(os, "pidfd_open"):
        return wait_looking(process, end, enders)
    poller = select.poll()
    try:
        pidfd = os.pidfd_open(process.pid)
    except OSError:  # an old kernel, or an emulated one
        return wait_looking(process, end, enders)
    for descriptor in (pidfd, *enders):
        poller.register(descriptor, select.POLLIN)
    ready = {fd for fd, _ in poller.poll(max(0.0, end - time.monotonic()) * 1000)}
    return process.wait() if pidfd in ready else None


def wait_looking(process: "subprocess.Popen[bytes]", end: float, enders: list[int]) -> int | None:
    """As `wait`, on systems whose processes cannot be polled."""
    while time.monotonic() < end:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(LOOK_SECONDS)
        if readable(*enders):
            break
    return None


def readable(*descriptors: int) -> bool:
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(0))


class Forks:
    """All that the command started, told by a variable in the environment or by the mark."""

    def __init__(self, tag: str, mark: str, marks: int = PARTS) -> None:
        """Those are found, too, whose tag goes on behind a dot, or whose mark is one of the `marks` from this one on:
        parts of the command, which may have an end of their own.
        """
        self._tag = tag and f"{TAG}={tag}"
        self._marks = range(int(mark), int(mark) + marks) if mark else range(0)

    def left_behind(self) -> list[str]:
        """Which of them are still there when the command has ended: `pid 7 nginx -g …`."""
        end = time.monotonic() + SETTLE_SECONDS
        while (left := self._members()) and time.monotonic() < end:
            time.sleep(SETTLE_SECONDS / 10)
        return [f"pid {pid} {command_of(pid)}" for pid in left]

    def end(self, group: int) -> None:
        """SIGKILL the group and all of them, again until none is left (they may be forking)."""
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)
        end = time.monotonic() + END_SECONDS
        while (found := self._members()) and time.monotonic() < end:
            for pid in found:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def _members(self) -> list[int]:
        found = {*(tagged(self._tag) if self._tag else ()), *(marked(self._marks) if self._marks else ())}
        return sorted(found - {os.getpid()})


def marked(marks: range) -> Iterator[int]:
    """Processes that carry one of the marks."""
    return (int(entry) for entry in os.listdir(PROC) if entry.isdigit() and marked_as(int(entry)) in marks)


def marked_as(pid: int) -> int:
    """The mark that a process carries; 0 for one without, and for one that has ended."""
    with suppress(OSError):
        if (PROC / f"{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] not in b"ZX":
            for line in (PROC / f"{pid}/limits").read_bytes().splitlines():
                if line.startswith(LOCKS):
                    limit = line[len(LOCKS) :].split()[0]
                    return int(limit) if limit.isdigit() and int(limit) >= LEAST_MARK else 0
    return 0


def command_of(pid: int) -> str:
    """For people: what runs there, in printable characters."""
    with suppress(OSError):
        words = (PROC / f"{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        return " ".join(ascii(word.decode(errors="replace"))[1:-1] for word in words)[:200]
    return ""


def tagged(tag: str) -> Iterator[int]:
    """Processes whose environment holds `tag`, or that of a part: from /proc, else from ps, which shows one's own
    processes'.
    """
    if (PROC / "self/environ").exists():
        whole, part = tag.encode(), f"{tag}.".encode()
        for entry in os.listdir(PROC):
            with suppress(OSError):
                if entry.isdigit() and whole in (environment := (PROC / entry / "environ").read_bytes()):
                    words = environment.split(b"\0")
                    if any(word == whole or word.startswith(part) for word in words):
                        yield int(entry)
        return
    # an -o for each column: after `pid=` the BSDs take the rest of the word for its header
    listing = subprocess.run(
        ["ps", "axeww", "-o", "pid=", "-o", "command="], capture_output=True, text=True, check=False, errors="replace"
    )
    for line in listing.stdout.splitlines():
        pid, *words = line.split() or [""]
        if pid.isdigit() and any(word == tag or word.startswith(f"{tag}.") for word in words):
            yield int(pid)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
