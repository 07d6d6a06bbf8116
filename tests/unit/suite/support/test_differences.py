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
{source}
reader, writer = os.pipe()
for _ in range({children}):
    if os.fork() == 0:
        os.close(writer)
        os.read(reader, 1)  # until its parent closes the other end
        os._exit(0)
print([has_room(number) for number in ({children}, {children} + 50)])
os.close(writer)
for _ in range({children}):
    os.wait()
"""


def test_processes_that_are_there_count(support: None) -> None:
    from support.differences import has_room

    if os.geteuid():
        pytest.skip("takes root, to be a user who runs nothing")
    script = SCRIPT.format(source=inspect.getsource(has_room), children=CHILDREN, alone=ALONE)
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[False, True]\n", "")


def test_the_process_itself_goes_on_as_it_was(support: None) -> None:
    import resource

    from support.differences import has_room

    before = resource.getrlimit(resource.RLIMIT_NPROC)
    assert isinstance(has_room(1), bool)
    assert resource.getrlimit(resource.RLIMIT_NPROC) == before
