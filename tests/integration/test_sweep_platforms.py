"""`anyunix sweep` where calls have other names, and where no tracer may look."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from anyunix.drivers.docker.engine import Engine
from checkout import ROOT

ALTERED = ROOT / "tests" / "sweep" / "weak.yaml"
FOUND = {
    "alpine": {
        ("starting", "bind(socket, 0.0.0.0:port)"),
        ("serving", "accept(socket)"),
        ("serving", "fork()"),
        ("serving", "sleep()"),
        ("serving", "read(client)"),
    }
}
FOUND["debian-i386"] = FOUND["debian"] = FOUND["alpine"]
"""Of the weaknesses those that one injection for each reason brings about."""


def swept(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "anyunix", "sweep", *arguments], capture_output=True, text=True, check=False, timeout=280
    )


@pytest.mark.parametrize("platform", list(FOUND))
def test_weaknesses_are_found_whatever_calls_are_named(engine: Engine, platform: str) -> None:
    done = swept("--json", "--quick", "--subject", str(ALTERED), "--platform", platform)
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    broken = {(each["phase"], each["text"]) for each in document["injections"] if each["answer"] == "broken"}
    assert broken >= FOUND[platform], document["injections"]


def test_where_a_container_forbids_tracing_nothing_is_tried(engine: Engine, tmp_path: Path) -> None:
    profile = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}],
    }
    (tmp_path / "no-ptrace.json").write_text(json.dumps(profile))
    platform = tmp_path / "untraced.yaml"
    platform.write_text("title: no tracer\nextends: debian\nseccomp: no-ptrace.json\n")
    done = swept("--quick", "--subject", str(ROOT / "tests" / "sweep" / "healthy.yaml"), "--platform", str(platform))
    assert done.returncode == 3, done.stderr
    assert "not tried: strace is of no use: " in done.stderr
    assert "Operation not permitted" in done.stderr
