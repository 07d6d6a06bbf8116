"""Reads what a server's processes have used, from the best source that this system has."""

from dataclasses import replace
from pathlib import Path

from .cgroup import ControlGroup
from .ps import tree_by_ps
from .syscalls import read_calls
from .tree import PROC, Usage, look_at_tree, memory_of


class Meter:
    """Reads the usage of one server."""

    def __init__(self, pid: int, group: ControlGroup | None, event: int | None) -> None:
        self._pid, self._group, self._event = pid, group, event
        self._proc = has_schedstat()

    @property
    def source(self) -> str:
        """Where the CPU times come from."""
        return "cgroup" if self._group else "/proc/PID/schedstat" if self._proc else "ps"

    def cpu_seconds(self) -> float:
        """The CPU time alone: for samples, since a group has it without a look at each process. Raises OSError,
        ValueError."""
        return self._group.cpu_seconds() if self._group else self._tree().cpu_seconds

    def read(self) -> Usage:
        """Raises OSError, ValueError."""
        usage = self._tree()
        if self._group:
            usage = replace(usage, cpu_seconds=self._group.cpu_seconds())
        return replace(usage, calls=None if self._event is None else read_calls(self._event))

    def memory(self) -> int:
        """Bytes: PSS, where only ps can be asked RSS, which counts a shared page for each that has it."""
        return memory_of(self._pid) if self._proc else tree_by_ps(self._pid)[1]

    def _tree(self) -> Usage:
        if self._proc:
            return look_at_tree(self._pid)
        seconds, _, processes = tree_by_ps(self._pid)
        return Usage(seconds, processes)


def has_schedstat(proc: Path = PROC) -> bool:
    """Whether /proc has CPU times in nanoseconds: Linux with CONFIG_SCHED_INFO."""
    return (proc / "self" / "schedstat").exists()
