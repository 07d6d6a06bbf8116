"""What one run costs: wall time, CPU of everything it started, the memory of anyunix, and how large its results are."""

import os
import resource
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from anyunix.bench.remote.cgroup import ControlGroup, own_group
from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import FILE, read_matrix
from speeds.supervision import TooLate, finish, last_words
from speeds.versions import clean_environment

RUN_SECONDS = 4 * 3600.0
RESULTS = "results"
BY_GROUP, BY_RUSAGE = "a control group", "getrusage(2), without processes that another than their parent waited for"


class NotMeasured(Exception):
    """Why there is no number."""


@dataclass(frozen=True)
class Sample:
    """One run."""

    seconds: float
    cpu: float
    """Seconds, of the whole tree of processes; containers are not in it, the engine starts them."""
    cpu_by: str
    peak: int
    """Bytes: the most that the anyunix process itself had resident (VmHWM, proc(5))."""
    status: int
    json: int = 0
    """Bytes of its matrix.json."""
    cells: int = 0

    @property
    def seconds_a_cell(self) -> float:
        return self.seconds / self.cells if self.cells else self.seconds


def sample(command: Sequence[str], folder: Path, accepted: Collection[int], seconds: float = RUN_SECONDS) -> Sample:
    """Run it once in this folder, where what it prints goes to `log`, and results to RESULTS. Raises NotMeasured."""
    log, memory, before = folder / "log", _Memory(), _of_children()
    with own_group() as group:
        try:
            status, wall = finish(
                command, log, clean_environment(), seconds, first=_Joins(group) if group else None, look=memory.look
            )
        except (TooLate, OSError) as error:
            raise NotMeasured(f"{error}: {last_words(log)}") from None
        cpu, cpu_by = (group.cpu_seconds(), BY_GROUP) if group else (_of_children() - before, BY_RUSAGE)
    if status not in accepted:
        raise NotMeasured(f"exit status {status}: {last_words(log)}")
    results = folder / RESULTS / FILE
    if not results.exists():
        return Sample(wall, cpu, cpu_by, memory.peak, status)
    try:
        cells = [cell for cell in read_matrix(results).cells if cell.status == "ran"]
    except ConfigurationError as error:
        raise NotMeasured(str(error)) from None
    return Sample(wall, cpu, cpu_by, memory.peak, status, results.stat().st_size, len(cells))


class _Joins:
    """Puts the new process into the group, before it is another program."""

    def __init__(self, group: ControlGroup) -> None:
        self._group = group

    def __call__(self) -> None:
        self._group.add(os.getpid())


class _Memory:
    """Looked at often, as a process that ended has none; the kernel's mark only rises, so little is missed."""

    def __init__(self) -> None:
        self.peak = 0

    def look(self, pid: int) -> None:
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            self.peak = int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
