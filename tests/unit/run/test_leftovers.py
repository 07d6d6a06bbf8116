"""What an ended run left, removed, or listed when it cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LEAVES = """\
import os, subprocess
from anyunix.host import scratch
from anyunix.run import leftovers
from anyunix.host.owner import own
from anyunix.payload.supervised import CELL
reader, writer = os.pipe()
os.set_inheritable(writer, True)
folder = scratch.Scratch()
child = subprocess.Popen(["sleep", "60"], env={}, start_new_session=True, close_fds=False)
subprocess.run(["sh", "-c", "sleep 60 & exit"], env={CELL: own().short + ".0"}, close_fds=False, check=True)
os.close(writer)
IMMOVABLE
print([each.replace(str(folder.path), "PATH") for each in leftovers.remove_leftovers()])
print(child.wait(10), os.read(reader, 1), folder.path.exists())
"""
"""A child, a process of a cell that is nobody's child any more, and a folder. Who lives, holds the pipe."""


@pytest.mark.parametrize(
    ("immovable", "said"),
    [("", "[]\n-9 b'' False\n"), ("leftovers.remove_tree = lambda path: None", "['folder PATH']\n-9 b'' True\n")],
)
def test_leftovers_are_ended_and_removed_and_what_cannot_be_is_listed(
    tmp_path: Path, immovable: str, said: str
) -> None:
    place = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LEAVES.replace("IMMOVABLE", immovable)],
        capture_output=True,
        text=True,
        env={**os.environ, **place},
        timeout=30,
        check=False,
    )
    assert (done.stdout, done.stderr) == (said, "")
