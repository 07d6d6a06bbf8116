"""Where two platforms' system calls part, as part of the typed results."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TraceRow:
    """What a process did here beside what it did on the reference; empty where one of them did nothing like it."""

    here: str
    there: str
    soft: bool = False
    """Whether chance decides on it: a sleep, a signal that only ended one."""

    @property
    def differs(self) -> bool:
        return self.here != self.there and not self.soft


@dataclass(frozen=True)
class ProcessTrace:
    """One process of the subject on both platforms, from its first system call to its end."""

    role: str
    """`parent`, `RECV 1`, `child 1.1`"""
    rows: tuple[TraceRow, ...]

    @property
    def parting(self) -> int | None:
        """The row in which the two part."""
        return next((number for number, row in enumerate(self.rows) if row.differs), None)


@dataclass(frozen=True)
class Trace:
    """The system calls of a contract that fails here and passes on the reference, side by side."""

    reference: str
    processes: tuple[ProcessTrace, ...] = ()
    first: str = ""
    """The role of the process that is the first to part; empty when none does."""
    problem: str = ""
    """Why there is nothing to compare: no tracer, or one that may not trace."""
    left_out: int = 0
    """How many more processes there were."""

    @property
    def first_process(self) -> ProcessTrace | None:
        return next((process for process in self.processes if process.role == self.first), None)
