"""The files that a server writes in its own folder: which they are."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from support.proc import PROC

LONG_AGO = (0, 0)


def held_files(pids: Iterable[int], folder: Path) -> set[Path]:
    """Regular files below a folder that processes have open for writing (proc_pid_fd(5), proc_pid_fdinfo(5)).

    Empty where the system does not show them.
    """
    return {path for pid in pids for path in _held(PROC / str(pid)) if path.is_relative_to(folder.resolve())}


def make_old(folder: Path) -> None:
    """Give all files below a folder a time at which nobody wrote to them, see `written_since`."""
    for path in _regular(folder):
        os.utime(path, LONG_AGO)


def written_since(folder: Path) -> set[Path]:
    """The files below a folder that are new, or were written to, since they were made old."""
    return {path for path in _regular(folder) if path.stat().st_mtime_ns}


def _regular(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def _held(process: Path) -> list[Path]:
    """None of a process that has gone, or may not be looked at."""
    found = []
    try:
        for each in (process / "fd").iterdir():
            flags = re.search(r"^flags:\s+([0-7]+)", (process / "fdinfo" / each.name).read_text(), re.MULTILINE)
            path = Path(os.readlink(each))
            if flags and int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY and path.is_absolute() and path.is_file():
                found.append(path)
    except OSError:
        return found
    return found
