"""Whether the memory limit under which the probes run killed a process: the kernel tells nobody but its counter.

cgroups(7): `oom_kill` in memory.events (version 2) or memory.oom_control (version 1).
"""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from support.proc import PROC

MOUNT = Path("/sys/fs/cgroup")
VERSIONS = (("memory.events", "memory.max"), ("memory.oom_control", "memory.limit_in_bytes"))
"""The files with the counter and with the limit."""
UNITS = ("bytes", "KiB", "MiB", "GiB")


class MemoryLimit:
    """A plugin of pytest: a failure during which the limit killed a process begins with that."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the cgroup's."""
        self._folder = folder
        self._before = kills(folder)

    def pytest_runtest_setup(self) -> None:
        self._before = kills(self._folder)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        report = yield
        if report.failed and kills(self._folder) > self._before:
            told = f"a process was killed by the memory limit of {limit(self._folder)}"
            crash = getattr(report.longrepr, "reprcrash", None)
            if crash is None:
                report.longrepr = f"{told}: {report.longreprtext}"
            else:
                crash.message = f"{told}: {crash.message}"
        return report


def own_cgroup() -> Path | None:
    """The folder of this process's cgroup, where its memory is limited; None elsewhere, and on other systems."""
    try:
        lines = (PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "memory" in controllers.split(","):
            top = MOUNT / controllers
            for folder in (top / path.lstrip("/"), top):  # a container may see its own cgroup as the top
                if limit(folder):
                    return folder
    return None


def kills(folder: Path) -> int:
    """How many processes its limit has killed."""
    for events, _ in VERSIONS:
        if found := re.search(r"^oom_kill (\d+)$", _text(folder / events), re.MULTILINE):
            return int(found[1])
    return 0


def limit(folder: Path) -> str:
    """`2 GiB`; empty without one."""
    for events, name in VERSIONS:
        text = _text(folder / name).strip()
        if text.isdigit() and int(text) < 1 << 60 and (folder / events).exists():  # version 1 has a number for none
            size, unit = int(text), 0
            while size % 1024 == 0 and size and unit + 1 < len(UNITS):
                size, unit = size // 1024, unit + 1
            return f"{size} {UNITS[unit]}"
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
