"""The CPUs that there are, and whether they have anything left."""

import os
from pathlib import Path

RUNNING = Path("/proc/loadavg")
"""Its fourth word begins with how many processes are running or could be, on all of the machine (proc_loadavg(5))."""


def cpus() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def crowded() -> bool | None:
    """Whether more than two processes want to run for each CPU: what begins then measures a busy machine, and waits
    longer for all that does not come (support/deadline.py). With a limit of one, CPUs idle between two short probes.
    None where the system does not tell.
    """
    try:
        running = int(RUNNING.read_text().split()[3].partition("/")[0])  # this process is one of them
    except (OSError, ValueError, IndexError):
        return None
    return running > 2 * (os.cpu_count() or 1)
