"""Whether a limit of processes has room for a server: all of a user's count."""

import inspect
import os
import subprocess
import sys

import pytest

ALONE = 54321
"""A user who runs nothing."""
CHILDREN = 5
SCRIPT = """
import os, resource
os.setgid({alone})
os.setuid({alone})
ROOM = 2
class NotSwitchedOn(Exception): pass
{source}
reader, writer = os.pipe()
for _ in range({children}):
    if os.fork() == 0:
        os.close(writer)
        os.read(reader, 1)  # until its parent closes the other end
        os._exit(0)
print([has_room(number) for number in ({children}, {children} + 50)])
print([beside_others(2 * part, 4 * part, 9) for part in (50, {children} - 1)])
try:
    beside_others({children}, 99, 2)
except NotSwitchedOn:
    print("too many")
os.close(writer)
for _ in range({children}):
    os.wait()
"""


def test_processes_that_are_there_count(support: None) -> None:
    from support.differences import beside_others, has_room

    if os.geteuid():
        pytest.skip("takes root, to be a user who runs nothing")
    source = "\n".join(map(inspect.getsource, (has_room, beside_others)))
    script = SCRIPT.format(source=source, children=CHILDREN, alone=ALONE)
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines(), done.stderr) == (["[False, True]", "[(100, 200), (12, 20)]", "too many"], "")


def test_the_process_itself_goes_on_as_it_was(support: None) -> None:
    import resource

    from support.differences import has_room

    before = resource.getrlimit(resource.RLIMIT_NPROC)
    assert isinstance(has_room(1), bool)
    assert resource.getrlimit(resource.RLIMIT_NPROC) == before
