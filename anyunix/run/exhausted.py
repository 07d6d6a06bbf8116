"""What ran out on a platform: its memory, its disk. The system that was short of it says so in no words of its own."""

import re

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Driver
from anyunix.drivers.docker.memory_limit import killed_by_memory_limit
from anyunix.errors import PlatformError
from anyunix.text import safe

LOOK = (
    "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null | grep '^oom_kill '; "
    "df -Pk ."
)
"""How many processes the memory limit killed, under cgroup version 2 or 1; the file system of the work folder."""
LOOK_SECONDS = 20.0
FULL_BYTES = 64 * 1024
"""A file system with less left than this holds no results."""


def exhausted(driver: Driver, platform: Platform) -> str:
    """What ran out there, as the end of a sentence; empty when nothing did, or nobody can tell any more."""
    try:
        said = driver.run(["sh", "-c", LOOK], env={}, timeout=LOOK_SECONDS).stdout
    except PlatformError:
        return ""
    kills = re.search(r"^oom_kill (\d+)$", said, re.MULTILINE)
    # elsewhere the counter is not this cell's alone
    if platform.driver == "docker" and kills and int(kills[1]):
        return killed_by_memory_limit(platform.memory)
    return _full_disk(said)


def _full_disk(said: str) -> str:
    """From what `df -P` prints: device, size, used, available in KiB, per cent, where it is mounted."""
    words = (said.splitlines() or [""])[-1].split()
    if len(words) < 6 or not (words[1].isdigit() and words[3].isdigit()) or int(words[3]) * 1024 >= FULL_BYTES:
        return ""
    size = int(words[1]) / 1024
    return f"the disk is full: {f'{size / 1024:.3g} GiB' if size >= 1024 else f'{size:.3g} MiB'} at {safe(words[5])}"
