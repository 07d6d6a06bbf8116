"""Processes as a failure names them."""

import os
import re
from pathlib import Path

import pytest


@pytest.mark.usefixtures("support")
def test_processes_are_named_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    from support import processes

    monkeypatch.setattr(processes, "PROC", Path("/no/such/proc"))
    left = processes.still_running({os.getpid()})
    assert not left
    assert re.fullmatch(rf"{os.getpid()} \(\w\) \S*python.*", repr(left))
