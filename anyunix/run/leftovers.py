"""What this process started and did not end, after something came between: removed, or else told."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from anyunix.drivers.docker.engine import answering
from anyunix.drivers.docker.execution import ENGINE_ERRORS
from anyunix.drivers.docker.owned import remove_own
from anyunix.host.owner import own
from anyunix.host.scratch import left, remove_tree
from anyunix.payload.supervised import CELL

END_SECONDS = 2.0
ANSWER_SECONDS = 5


def remove_leftovers() -> list[str]:
    """End and remove all that belongs to this process and is there still; what could not be, for people."""
    return [*_end_processes(), *_remove_from_engine(), *_remove_folders()]


def _end_processes() -> list[str]:
    end = time.monotonic() + END_SECONDS
    while (running := _processes()) and time.monotonic() < end:
        for pid in running:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    return [f"process {pid}" for pid in sorted(running)]


def _processes() -> set[int]:
    """What this process started, as far as /proc shows it: its descendants, and those of its cells by their tag."""
    tag, children, found = f"{CELL}={own().short}.".encode(), dict[int, list[int]](), set[int]()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            if state not in "ZX":
                children.setdefault(int(parent), []).append(int(entry.name))
                if any(each.startswith(tag) for each in (entry / "environ").read_bytes().split(b"\0")):
                    found.add(int(entry.name))
    below = [os.getpid()]
    while below:
        more = children.get(below.pop(), [])
        found.update(more)
        below += more
    return found


def _remove_from_engine() -> list[str]:
    try:
        with answering(ANSWER_SECONDS) as client:
            return remove_own(client.api) if client else []
    except ENGINE_ERRORS:
        return ["what the Docker engine has of this run: it does not answer"]


def _remove_folders() -> list[str]:
    for folder in left():
        remove_tree(folder)
    return [f"folder {folder}" for folder in left()]
