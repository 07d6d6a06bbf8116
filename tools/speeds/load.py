"""A machine that has other things to do: loops that take what CPU time they get."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LOOP = """\
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(1_000_000):
        pass
"""
"""Ends by itself when whoever started it is gone, however that ended."""


@contextmanager
def busy_loops(per_core: int) -> Iterator[list[int]]:
    """So many for each core, until the end of the block: their process ids."""
    loops: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(per_core * (os.cpu_count() or 1)):
            # of a session of its own: a Ctrl-C is for this tool, which ends them
            loops.append(subprocess.Popen([sys.executable, "-S", "-c", LOOP, str(os.getpid())], start_new_session=True))
        yield [loop.pid for loop in loops]
    finally:
        for loop in loops:
            loop.kill()
        for loop in loops:
            loop.wait()
