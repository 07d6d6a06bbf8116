"""The machine that is measured on: what it is, and whether anybody else works on it."""

import os
import platform
import time
from pathlib import Path

BUSY = 0.1
"""Of the machine's CPU time: with more in use by others, times say little."""
LOOK_SECONDS = 2.0


def busy_share(seconds: float = LOOK_SECONDS) -> float:
    """0 to 1: of the CPU time of all cores, what was in use or stolen during so many seconds."""
    before = _ticks()
    time.sleep(seconds)
    idle, whole = (now - then for now, then in zip(_ticks(), before, strict=True))
    return 1 - idle / whole if whole else 0.0


def description() -> str:
    """`Linux 6.12, 2 cores of AMD EPYC, Python 3.11.7`."""
    system = f"{platform.system()} {platform.release()}"
    return f"{system}, {os.cpu_count()} cores{_model()}, Python {platform.python_version()}"


def _ticks() -> tuple[int, int]:
    """Idle, and all, since the start of the machine (proc_stat(5))."""
    numbers = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return numbers[3] + numbers[4], sum(numbers)


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f" of {name}" if name else ""
