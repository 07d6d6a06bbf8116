"""The CPUs that there are, and whether they have anything left."""

import os

from support.proc import PROC

RUNNING = PROC / "loadavg"
"""Its fourth word begins with how many processes are running or could be, on all of the machine (proc_loadavg(5))."""


def cpus() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def crowded(most: int) -> bool | None:
    """Whether more than so many processes want to run for each CPU: what begins then measures a busy machine, and waits
    longer for all that does not come (support/deadline.py). None where the system does not tell.
    """
    try:
        running = int(RUNNING.read_text().split()[3].partition("/")[0])  # this process is one of them
    except (OSError, ValueError, IndexError):
        return None
    return running > most * (os.cpu_count() or 1)  # all of the machine's, as what runs is counted
