"""Processes as a failure names them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.usefixtures("support")
def test_processes_are_named_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    from support import processes

    monkeypatch.setattr(processes, "PROC", Path("/no/such/proc"))
    left = processes.still_running({os.getpid()})
    assert not left
    assert re.fullmatch(rf"{os.getpid()} \(\w\) \S*python.*", repr(left))


TREE = """\
import os, signal

def stays(*, own_session):
    if own_session:
        os.setsid()
    os.write(1, b"%d\\n" % os.getpid())
    signal.pause()

if os.fork() == 0:
    if os.fork() == 0:
        stays(own_session=False)
    os._exit(0)
os.wait()
if os.fork() == 0:
    stays(own_session=True)
signal.pause()
"""


@pytest.mark.usefixtures("support")
@pytest.mark.parametrize("proc", ["/proc", "/no/such/proc"])
def test_an_orphan_of_its_group_and_a_child_of_another_session_are_a_servers(
    proc: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support import processes

    monkeypatch.setattr(processes, "PROC", Path(proc))
    with subprocess.Popen(
        [sys.executable, "-IS", "-c", TREE], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as root:
        assert root.stdout is not None
        stay = [int(root.stdout.readline()) for _ in range(2)]
        found = [process.pid for process in processes.processes_of(root.pid)]
        processes.kill_all([root.pid, *stay])
    assert found == sorted([root.pid, *stay])


@pytest.mark.usefixtures("support")
def test_what_has_its_group_out_of_sight_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the first process of a container may have: then a group of 0 does not tell a thread of the kernel's."""
    from support import processes

    monkeypatch.setattr(os, "getpgid", lambda pid: 0)
    assert os.getpid() in [process.pid for process in processes.processes_of(os.getpid())]
