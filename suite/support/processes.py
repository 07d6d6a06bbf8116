"""The processes of a subject, as the kernel lists them."""

import os
import re
import signal
import subprocess
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from support.proc import PROC

# procstat(1): …COMM, which may hold spaces, FD, a type, a type of vnode, eight or more flags; FD is a number, or text,
# cwd, root, jail, which are files in use and no descriptors
A_DESCRIPTOR = re.compile(r"\s(\d+)\s+\S\s+\S\s+[-a-z]{8,}(\s|$)")
COMMAND_CHARACTERS = 200
STAT_BYTES = 4096
"""More than a line of /proc/PID/stat has: some fifty numbers and a name of 64 bytes at most."""


@dataclass(frozen=True)
class Process:
    """One row of the process table."""

    pid: int
    parent: int
    group: int
    state: str
    """First letter of ps(1)'s state: R, S, T (stopped), Z (zombie), …"""

    @property
    def zombie(self) -> bool:
        return self.state == "Z"


class Left(list[Process]):
    """Processes that should have ended: true when there are none, and named where a wait says what it last saw."""

    def __bool__(self) -> bool:
        return len(self) == 0

    def __repr__(self) -> str:
        return ", ".join(f"{each.pid} ({each.state}) {command_of(each.pid)}" for each in self) or "no process"


def all_processes() -> list[Process]:
    """Every process that can be seen: from /proc on Linux, from ps elsewhere (no /proc on OpenBSD and macOS)."""
    return list(_linux(_entries()) if _has_proc() else _ps())


def processes_of(root: int) -> list[Process]:
    """The processes of root's process group, and root's descendants in other groups; zombies too."""
    everything = list(_linux(_in_groups(root)) if _has_proc() else _ps())
    found = {process.pid for process in everything if root in (process.pid, process.group)}
    while grown := {p.pid for p in everything if p.parent in found} - found:
        found |= grown
    return sorted((p for p in everything if p.pid in found), key=lambda p: p.pid)


def children_of(pid: int) -> list[Process]:
    return [process for process in all_processes() if process.parent == pid]


def state_of(pid: int) -> str | None:
    """The state letter of one process; None when it is gone."""
    if _has_proc():
        process = _row_of(str(pid))
        return process.state if process else None
    return next((process.state for process in _ps() if process.pid == pid), None)


def still_running(pids: Collection[int]) -> Left:
    """Those that have not ended. A zombie has, and where nobody reaps orphans (PID 1 of a container) it stays."""
    return Left(process for process in all_processes() if process.pid in pids and not process.zombie)


def zombies_of(processes: Collection[Process]) -> Left:
    """Those that one of the others should reap: an orphan's is for the system's first process."""
    numbers = {process.pid for process in processes}
    return Left(process for process in processes if process.zombie and process.parent in numbers)


def command_of(pid: int) -> str:
    """Its argument list in one line; what ps(1) says where there is no /proc, and nothing of one that has gone."""
    with suppress(OSError, subprocess.SubprocessError):
        if (PROC / "self/cmdline").exists():
            words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
            return b" ".join(words).decode(errors="replace").strip()[:COMMAND_CHARACTERS]
        command = ["ps", "-o", "args=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout.strip()[
            :COMMAND_CHARACTERS
        ]
    return ""


def open_descriptors(pid: int) -> set[int] | None:
    """The descriptors that a process has open; None where the system does not show them.

    From /proc on Linux, and on FreeBSD from procstat(1), which is in its base system.
    """
    try:
        return {int(name) for name in os.listdir(PROC / str(pid) / "fd")}
    except OSError:
        return _procstat(pid)


def kill_all(pids: list[int]) -> None:
    """SIGKILL, stopped ones too; those that are gone already are fine."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _has_proc() -> bool:
    return os.path.exists(f"{PROC}/self/stat")


def _linux(entries: Iterable[str]) -> Iterator[Process]:
    return (row for entry in entries if (row := _row_of(entry)))


def _entries() -> Iterator[str]:
    return (entry for entry in os.listdir(PROC) if entry.isdigit())


def _in_groups(root: int) -> Iterator[str]:
    """All but the kernel's threads, on an idle machine most of what there is: their group is 0, or seen as 0 from
    here (pid_namespaces(7)). To ask for it takes a tenth of the time that their rows would.
    """
    return (entry for entry in _entries() if _group_of(int(entry)) != 0 or _group_of(root) == 0)


def _group_of(pid: int) -> int | None:
    """None of one that has gone, or of another session where the system does not tell."""
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _row_of(entry: str) -> Process | None:
    """What /proc says of one process; None of one that has gone.

    Probes that wait read this for every process again and again, so neither pathlib nor a file object is used.
    """
    try:
        fd = os.open(f"{PROC}/{entry}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        stat = os.read(fd, STAT_BYTES)
    except OSError:
        return None  # ended between the opening and the reading
    finally:
        os.close(fd)
    # proc(5): pid (comm) state ppid pgrp …; comm may hold spaces and brackets
    state, parent, group = stat.rpartition(b")")[2].split(maxsplit=3)[:3]
    return Process(int(entry), int(parent), int(group), state.decode())


def _ps() -> Iterator[Process]:
    """POSIX ps: -A, -o with empty headers."""
    command = ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "pgid=", "-o", "state="]
    for line in subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.splitlines():
        pid, parent, group, state = line.split()[:4]
        yield Process(int(pid), int(parent), int(group), state[0])


def _procstat(pid: int) -> set[int] | None:
    try:
        listing = subprocess.run(["procstat", "-f", str(pid)], capture_output=True, text=True, timeout=10)
    except OSError:
        return None  # no procstat(1) here
    rows = [line for line in listing.stdout.splitlines() if line.split()[:1] == [str(pid)]]
    if listing.returncode or not rows:
        return None
    return {int(found[1]) for found in map(A_DESCRIPTOR.search, rows) if found}
