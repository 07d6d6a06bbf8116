"""`anyunix sweep` where calls have other names, and where no tracer may look."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anyunix.drivers.docker.engine import Engine
from checkout import ROOT

TAG = "anyunix-test/alpine-traced"
WEAK = ROOT / "tests" / "sweep" / "weak.yaml"
FOUND = {
    ("starting", "bind(socket, 0.0.0.0:port)"),
    ("serving", "accept(socket)"),
    ("serving", "fork()"),
    ("serving", "sleep()"),
    ("serving", "read(client)"),
}
"""Of the weaknesses those that one injection for each reason brings about."""
WRAPPER = """\
#!/bin/sh
exec {folder}/{loader} --library-path {folder} {folder}/strace "$@"
"""
THERE = "/opt/tracer"


@pytest.fixture
def traced_alpine(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """Alpine with the tracer of this machine and what that is linked with, where its own cannot be installed."""
    strace = shutil.which("strace")
    if not strace or not shutil.which("ldd"):
        pytest.skip("no strace and ldd on PATH")
    linked = subprocess.run(["ldd", strace], capture_output=True, text=True, check=True).stdout
    files = [Path(strace), *map(Path, re.findall(r"(/\S+) \(0x", linked))]
    loader = next(file.name for file in files if file.name.startswith("ld-"))
    context = tmp_path / "image"
    (context / "tracer").mkdir(parents=True)
    for file in files:
        shutil.copy(file, context / "tracer")
    (context / "strace").write_text(WRAPPER.format(folder=THERE, loader=loader))
    (context / "strace").chmod(0o755)
    (context / "Dockerfile").write_text(f"FROM alpine:3.23\nCOPY tracer {THERE}\nCOPY strace /usr/local/bin/strace\n")
    engine.client().images.build(path=str(context), tag=TAG, rm=True, forcerm=True)
    platform = tmp_path / "alpine-traced.yaml"
    platform.write_text(f"title: Alpine with a tracer\nextends: alpine\nbase: {TAG}\n")
    yield str(platform)
    engine.client().images.remove(TAG, force=True)


def swept(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "anyunix", "sweep", *arguments], capture_output=True, text=True, check=False, timeout=280
    )


def weaknesses(platform: str, folder: Path) -> "set[tuple[str, str]]":
    """The phase and the call of what breaks the weak server, which is built with the compiler for that platform."""
    shutil.copy(WEAK.with_name("server.c"), folder)
    subject = folder / "weak.yaml"
    subject.write_text(WEAK.read_text().replace("[cc, -DWEAK", """[sh, -c, '${CC:-cc} "$@"', sh, -DWEAK"""))
    done = swept("--json", "--quick", "--subject", str(subject), "--platform", platform)
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return {(each["phase"], each["text"]) for each in document["injections"] if each["answer"] == "broken"}


def test_weaknesses_are_found_with_32_bits(engine: Engine, tmp_path: Path) -> None:
    """glibc calls socketcall(2) there, which strace shows as what it is for."""
    assert weaknesses("debian-i386", tmp_path) >= FOUND


def test_weaknesses_are_found_with_musl(traced_alpine: str, tmp_path: Path) -> None:
    assert weaknesses(traced_alpine, tmp_path) >= FOUND


def test_where_a_container_forbids_tracing_it_is_done_from_inside_of_the_server(engine: Engine, tmp_path: Path) -> None:
    profile = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}],
    }
    (tmp_path / "no-ptrace.json").write_text(json.dumps(profile))
    platform = tmp_path / "untraced.yaml"
    platform.write_text("title: no tracer\nextends: debian\nseccomp: no-ptrace.json\n")
    done = swept("--quick", "--subject", str(ROOT / "tests" / "sweep" / "healthy.yaml"), "--platform", str(platform))
    assert done.returncode == 0, done.stderr
    assert re.search(r"(\d+) injections: .*\d+ kept", done.stderr), done.stderr
    assert "not tried" not in done.stderr
