"""tools/many_matrices.py: what fails is named, and what was started is ended."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe
from checkout import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from many_matrices import complaints

from speeds.load import busy_loops
from speeds.supervision import TooLate, finish, last_words

DEADLINE = 20.0


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def gone(pid: int) -> bool:
    until = time.monotonic() + DEADLINE
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def test_what_did_not_run_failed_or_was_flaky_is_named() -> None:
    probes = tuple(
        Probe(f"chat/test_x.py::{name}", "contract", name)  # type: ignore[arg-type]
        for name in ("passed", "skipped", "failed", "flaky")
    )
    cells = (CellResult("c", "local", "dual", "ran", probes=probes), CellResult("c", "alpine", "dual", "error", "gone"))
    platforms = (PlatformResult("local", "here", "local", "ran"),)
    assert list(complaints(Matrix(platforms, cells, "local"))) == [
        "alpine c dual: error: gone",
        "local c dual: chat/test_x.py::failed failed: ",
        "local c dual: chat/test_x.py::flaky flaky: ",
    ]


def test_busy_loops_end_with_their_block() -> None:
    started: list[int] = []

    def interrupted() -> None:
        with busy_loops(1) as loops:
            started.extend(filter(alive, loops))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(started) == os.cpu_count()
    assert not any(map(alive, started))


def test_busy_loops_end_when_their_starter_is_killed() -> None:
    script = (
        f"import sys, time; sys.path.insert(0, {str(ROOT / 'tools')!r})\n"
        "from speeds.load import busy_loops\n"
        "with busy_loops(1) as loops: print(*loops, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        loops = [int(word) for word in starter.stdout.readline().split()]
        starter.kill()
    assert loops
    assert all(map(gone, loops))


def test_a_run_that_takes_too_long_may_clean_up_and_is_over(tmp_path: Path) -> None:
    script = "trap 'echo cleaned up; exit 1' INT; echo $$; while :; do sleep 0.05; done"
    with pytest.raises(TooLate, match=r"within 0\.5 s"):
        finish(["sh", "-c", script], tmp_path / "log", dict(os.environ), 0.5)
    assert last_words(tmp_path / "log", 1) == "cleaned up"
    assert gone(int((tmp_path / "log").read_text().split()[0]))


def test_the_end_of_a_run_is_seen_at_once(tmp_path: Path) -> None:
    status, seconds = finish(["sh", "-c", "sleep 0.1; exit 3"], tmp_path / "log", dict(os.environ), DEADLINE)
    assert status == 3
    assert 0.1 <= seconds < DEADLINE
    assert last_words(tmp_path / "log") == "it printed nothing"
