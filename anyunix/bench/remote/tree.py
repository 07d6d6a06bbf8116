"""A process and its descendants, as Linux's /proc says."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """What a process and its descendants have used, since each of them began."""

    cpu_seconds: float
    processes: int
    voluntary: int | None = None
    """Context switches; None, as below, where nobody counts them."""
    involuntary: int | None = None
    calls: int | None = None
    """System calls."""


def look_at_tree(root: int) -> Usage:
    """A process and all its descendants, now.

    proc(5), schedstat: nanoseconds on a CPU, thread by thread; those of threads that ended are not in it.
    """
    cpu = voluntary = involuntary = 0
    forks = tree_of(root)
    for pid in forks:
        with suppress(OSError, ValueError):
            for task in os.listdir(PROC / str(pid) / "task"):
                folder = PROC / str(pid) / "task" / task
                cpu += int((folder / "schedstat").read_text().split()[0])
                switches = _numbers(folder / "status")
                voluntary += switches.get("voluntary_ctxt_switches", 0)
                involuntary += switches.get("nonvoluntary_ctxt_switches", 0)
    return Usage(cpu / 1e9, len(forks), voluntary, involuntary)


def memory_of(root: int) -> int:
    """Bytes of the whole tree (PSS). Reading it takes longer than the rest: once a run."""
    found = 0
    for pid in tree_of(root):
        with suppress(OSError):
            found += _numbers(PROC / str(pid) / "smaps_rollup").get("Pss", 0) * 1024
    return found


def tree_of(root: int) -> list[int]:
    """A process and its descendants, by their parents' own lists."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with suppress(OSError):
            for task in os.listdir(PROC / str(pid) / "task"):
                waiting += map(int, (PROC / str(pid) / "task" / task / "children").read_text().split())
    return found


def _numbers(file: Path) -> dict[str, int]:
    """Lines of `name: number`."""
    found = {}
    for line in file.read_text().splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if words and words[0].isdigit():
            found[name] = int(words[0])
    return found
