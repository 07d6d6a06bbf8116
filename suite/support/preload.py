"""An object in front of libc that makes a server's calls fail, for platforms without strace: c/preload.c."""

import errno
import os
import re
import sys
from pathlib import Path

from support.compiler import find_helper

CALLS = ("accept", "accept4", "fork", "socket", "bind", "flock", "connect", "clock_gettime")
"""The functions of libc that it stands in front of."""


def preloaded(record: Path, calls: str, inject: str, *, follow: bool) -> tuple[str, ...] | str:
    """What goes in front of a server's command so that the object is in it, or why that cannot be.

    The arguments are those of Tracer: `accept,accept4` and `error=EMFILE:when=1`, or nothing to inject. `record` is
    there once the server has it inside: a static program has nothing of the kind. A `connect` that fails was made, as
    one that was interrupted is (POSIX connect). `clock_gettime` does not fail, and needs nothing to inject: the time of
    day goes back by a minute with each look at it.
    """
    if sys.platform == "darwin":
        return "macOS knows no LD_PRELOAD"
    names = [name for name in calls.replace("?", "").split(",") if name in CALLS]
    if not names:
        return f"no object to preload knows {calls}"
    found = find_helper(record.parent, "preload")
    if isinstance(found, str):
        return found
    others = os.environ.get("LD_PRELOAD")
    plan = f"{','.join(names)} {_when(inject)} {int(follow)} {record}"
    return ("env", f"LD_PRELOAD={found}{f' {others}' if others else ''}", f"ANYUNIX_PRELOAD={plan}")


def _when(inject: str) -> str:
    """The errno, which call is the first to get it, and how many later is the next one: `24 1 0`."""
    if not inject:
        return "0 0 0"
    found = re.fullmatch(r"error=(\w+):when=(\d+)(?:\+(\d+))?", inject)
    assert found, f"not to be done by a preloaded object: {inject}"
    return f"{getattr(errno, found[1])} {found[2]} {found[3] or 0}"
