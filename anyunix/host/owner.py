"""Who made a container, a network or a folder, and whether that run is still alive."""

import hashlib
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Owner:
    """One process for good: a pid alone is used again, and means another process in every PID namespace."""

    boot: str
    """The boot ID of the machine; where there is none, its name."""
    namespace: str
    """Of the pid; empty where systems have no such thing."""
    started: str
    """In the system's own unit."""
    pid: int

    def __str__(self) -> str:
        return f"{self.boot}/{self.namespace}/{self.started}/{self.pid}"

    @property
    def short(self) -> str:
        """For names, some of which have to be short."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:8]


@cache
def own() -> Owner:
    """This process."""
    return of(os.getpid())


def of(pid: int) -> Owner:
    """A process of this PID namespace."""
    boot, namespace = _here()
    return Owner(boot, namespace, _started(pid) or "", pid)


def parse(text: str) -> Owner | None:
    """What `str` made; None for anything else, such as the owners of earlier versions."""
    boot, *rest = text.split("/")
    if not boot or len(rest) != 3 or not rest[2].isdecimal() or len(rest[2]) > 10:
        return None
    return Owner(boot, rest[0], rest[1], int(rest[2]))


def is_alive(owner: Owner) -> bool | None:
    """None when that cannot be seen from here: another machine, or another PID namespace."""
    if (owner.boot, owner.namespace) != _here():
        return None
    started = _started(owner.pid)
    if started is not None:
        return started == owner.started
    try:
        os.kill(owner.pid, 0)
    except PermissionError:
        return True  # another user's, and /proc is mounted with hidepid
    except (ProcessLookupError, OverflowError):
        return False
    return False  # a zombie


def _here() -> tuple[str, str]:
    try:
        return BOOT.read_text().strip(), str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        return os.uname().nodename, ""


def _started(pid: int) -> str | None:
    """When a process was started; None without such a process, and for a zombie."""
    with suppress(OSError):
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state in "ZX" else fields[18]
    if BOOT.exists():
        return None
    with suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run(
            ["ps", "-o", "state=", "-o", "lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            timeout=LOOK_SECONDS,
            check=False,
        )
        state, _, started = said.stdout.strip().partition(" ")
        return " ".join(started.split()) or None if not state.startswith("Z") else None
    return None
