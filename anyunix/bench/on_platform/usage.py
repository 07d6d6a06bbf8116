"""What a server's processes have used: the best source that this system has."""

from dataclasses import dataclass, replace
from pathlib import Path

from .calls import read_calls
from .cgroup import Group
from .ps import tree_by_ps
from .tree import PROC, look_at_tree, memory_of


@dataclass(frozen=True)
class Usage:
    """Of the server's whole tree, since it began."""

    cpu_seconds: float
    processes: int
    voluntary: int = 0
    """Context switches."""
    involuntary: int = 0
    calls: int | None = None
    """System calls; None where nobody counts them."""


class Meter:
    """Reads the usage of one server."""

    def __init__(self, pid: int, group: Group | None, event: int | None) -> None:
        self._pid, self._group, self._event = pid, group, event
        self._proc = has_schedstat()

    @property
    def source(self) -> str:
        """Where the CPU times come from."""
        return "cgroup" if self._group else "/proc/PID/schedstat" if self._proc else "ps"

    def read(self) -> Usage:
        """Raises OSError, ValueError."""
        if self._proc:
            tree = look_at_tree(self._pid)
            usage = Usage(tree.cpu_seconds, tree.processes, tree.voluntary, tree.involuntary)
        else:
            seconds, _, processes = tree_by_ps(self._pid)
            usage = Usage(seconds, processes)
        if self._group:
            usage = replace(usage, cpu_seconds=self._group.cpu_seconds())
        return replace(usage, calls=None if self._event is None else read_calls(self._event))

    def memory(self) -> int:
        """Bytes: PSS, where only ps can be asked RSS, which counts a shared page for each that has it."""
        return memory_of(self._pid) if self._proc else tree_by_ps(self._pid)[1]


def has_schedstat(proc: Path = PROC) -> bool:
    """Whether /proc tells CPU times in nanoseconds: Linux with CONFIG_SCHED_INFO."""
    return (proc / "self" / "schedstat").exists()
