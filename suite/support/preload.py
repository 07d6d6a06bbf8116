"""An object in front of libc that makes a server's calls fail, for platforms without strace: c/preload.c."""

import errno
import os
import re
import sys
from pathlib import Path

from support.compiler import find_helper

CALLS = ("accept", "accept4", "fork", "socket", "bind", "flock")
"""The functions of libc that it stands in front of."""


def preloaded(record: Path, calls: str, inject: str, *, follow: bool) -> tuple[str, ...] | str:
    """What goes in front of a server's command so that the object is in it, or why that cannot be.

    The arguments are those of Tracer: `accept,accept4` and `error=EMFILE:when=1`, or nothing to inject. `record` is
    there once the server has it inside: a static program has nothing of the kind.
    """
    if sys.platform == "darwin":
        return "macOS knows no LD_PRELOAD"
    names = [name for name in calls.replace("?", "").split(",") if name in CALLS]
    number, first, step = _plan(inject)
    if not names or first is None:
        return f"without it {calls.replace('?', '')} cannot be held at the system call's door"
    found = find_helper(record.parent, "preload")
    if isinstance(found, str):
        return found
    others = os.environ.get("LD_PRELOAD")
    plan = f"{','.join(names)} {number} {first} {step} {int(follow)} {record}"
    return ("env", f"LD_PRELOAD={found}{f' {others}' if others else ''}", f"ANYUNIX_PRELOAD={plan}")


def _plan(inject: str) -> tuple[int, int | None, int]:
    """The errno, which call is the first to get it (None: no such plan), and how many later is the next one."""
    if not inject:
        return 0, 0, 0
    found = re.fullmatch(r"error=(\w+):when=(\d+)(?:\+(\d+))?", inject)
    if not found:
        return 0, None, 0
    return getattr(errno, found[1]), int(found[2]), int(found[3] or 0)
