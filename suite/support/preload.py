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
    names = [name for name in calls.replace("?", "").split(",") if name in CALLS]
    if not names:
        return f"no object to preload knows {calls}"
    found = find_object(record.parent, "preload")
    if isinstance(found, str):
        return found
    return with_object(found, "ANYUNIX_PRELOAD", f"{','.join(names)} {_when(inject)} {int(follow)} {record}")


def find_object(folder: Path, name: str) -> Path | str:
    """The object of that name, as find_helper, or why none can be preloaded here."""
    return "macOS knows no LD_PRELOAD" if sys.platform == "darwin" else find_helper(folder, name)


def with_object(found: Path, variable: str, value: str) -> tuple[str, ...]:
    """What goes in front of a server's command so that the object, told by `variable`, is in it beside others."""
    others = os.environ.get("LD_PRELOAD")
    return ("env", f"LD_PRELOAD={found}{f' {others}' if others else ''}", f"{variable}={value}")


def _when(inject: str) -> str:
    """The errno, which call is the first to get it, and how many later is the next one: `24 1 0`."""
    if not inject:
        return "0 0 0"
    found = re.fullmatch(r"error=(\w+):when=(\d+)(?:\+(\d+))?", inject)
    assert found, f"not to be done by a preloaded object: {inject}"
    return f"{getattr(errno, found[1])} {found[2]} {found[3] or 0}"
