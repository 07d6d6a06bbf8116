"""Turns side by side: each costs its own result at most, and ends what it started and nothing else."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.subjects import Subject
from anyunix.payload.archive import subject_json
from anyunix.run.planned import AUTOLOAD_OFF

PROBES = '''\
import os, signal, subprocess, sys, time

def test_passes(fact):
    """A fact."""
    fact("home", os.environ["HOME"])
    fact("subject", os.environ["ANYUNIX_SUBJECT"])

def test_is_killed(fact):
    """A fact."""
    os.kill(os.getpid(), signal.SIGKILL)

def test_hangs(fact):
    """A fact."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)

def test_leaves(fact):
    """A fact."""
    process = subprocess.Popen(["sleep", "600"], start_new_session=True, env={"PATH": os.environ["PATH"]})
    fact("pid", process.pid)

def test_patient(fact):
    """A fact: what it started is there when others have ended."""
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    time.sleep(1)
    fact("alive", process.poll() is None)
    process.kill()
    process.wait()
'''
PROBE = "suite/group/test_probes.py::test_"


@pytest.fixture
def run_turns(make_suite: Callable[[str], Path], subject: Subject) -> Callable[..., dict[str, dict[str, Any]]]:
    """Run turns of these probes; what came of each that came back."""
    suite = make_suite(PROBES)
    (suite.parent / "subject.json").write_text(subject_json(subject))

    def run(*probes: str, seconds: float = 60, left_out: tuple[int, ...] = ()) -> dict[str, dict[str, Any]]:
        common = ["-v", "-p", "pytest_timeout", f"--rootdir={suite}", "-c", f"{suite}/pytest.ini"]
        turns = [
            {
                "number": number,
                "subject": "subject.json",
                "arguments": [*common, f"{PROBE}{probe}"],
                "environment": {},
                "seconds": seconds,
            }
            for number, probe in enumerate(probes)
        ]
        (suite.parent / "turns.json").write_text(json.dumps({"side_by_side": 4, "turns": turns}))
        command = [sys.executable, str(suite / "supervise.py"), "90", "env", AUTOLOAD_OFF, sys.executable]
        done = subprocess.run(
            [*command, str(suite / "run_turns.py"), "turns.json", "results", *map(str, left_out)],
            cwd=suite.parent,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "ANYUNIX_CELL": f"test-{time.monotonic_ns()}"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        rows = [json.loads(line) for line in (suite.parent / "results").read_text().splitlines()]
        assert [row["turn"] for row in rows] == [json.loads(line)["turn"] for line in done.stdout.splitlines()]
        return {probes[row["turn"]]: row for row in rows}

    return run


def gone(pid: int) -> bool:
    try:
        return " Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except FileNotFoundError:
        return True


def fact(row: dict[str, Any], name: str) -> Any:
    return json.loads(row["junit"].partition(f'name="fact:{name}" value="')[2].partition('"')[0].replace("&quot;", '"'))


def test_each_turn_costs_its_own_result_at_most(run_turns: Callable[..., dict[str, dict[str, Any]]]) -> None:
    rows = run_turns("passes", "is_killed", "hangs", seconds=4)
    assert (rows["passes"]["status"], rows["passes"]["timed_out"]) == (0, False)
    assert (rows["is_killed"]["status"], rows["is_killed"]["junit"]) == (128 + 9, "")
    assert rows["hangs"]["timed_out"]
    assert "test_hangs" in rows["hangs"]["said"]


def test_a_turn_has_a_home_and_a_subject_of_its_own(run_turns: Callable[..., dict[str, dict[str, Any]]]) -> None:
    rows = run_turns("passes", "hangs", left_out=(1,))
    assert list(rows) == ["passes"]
    assert Path(fact(rows["passes"], "home")).parent.name == "turn-0"
    assert Path(fact(rows["passes"], "subject")).is_absolute()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit that could be the mark")
def test_what_a_turn_leaves_is_ended_and_nothing_of_another(
    run_turns: Callable[..., dict[str, dict[str, Any]]],
) -> None:
    rows = run_turns("patient", "leaves")
    assert [line.split()[2:] for line in rows["leaves"]["left_behind"]] == [["sleep", "600"]]
    assert gone(fact(rows["leaves"], "pid"))
    assert fact(rows["patient"], "alive") is True
    assert rows["patient"]["left_behind"] == []
