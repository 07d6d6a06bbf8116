"""`anyunix bench` on a platform with differences: they are on in the server, not in the load; or it is left out."""

import os
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from anyunix.bench.journal import append, read_journal
from anyunix.bench.remote.chat_run import ChatMeasured, ChatPoint, measure_chat
from anyunix.bench.remote.conditions import Conditions
from anyunix.bench.remote.experiment import Measured, Point, measure
from anyunix.bench.remote.programs import CHAT_LOADS, CHATS, LOADS, SERVERS, Source, build
from anyunix.catalog.lookup import Catalog
from anyunix.cli import main

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one CPU here"),
    pytest.mark.skipif(not (shutil.which("cc") and shutil.which("make")), reason="no C compiler or no make here"),
    pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc/PID/maps here"),
]
NAMES = "accept-nonblock", "nofile-128"
ON = f"Differences that are on in the servers: {', '.join(NAMES)}."
STATIC = """#!/bin/sh
case " $* " in *fork.c*) exec {cc} -static "$@" ;; *) exec {cc} "$@" ;; esac
"""


@pytest.fixture
def platform(tmp_path: Path) -> str:
    """This machine with an object that is preloaded, and a limit."""
    file = tmp_path / "mine.yaml"
    file.write_text("title: mine\nextends: local\ndifferences: [accept-nonblock, nofile-128]\n")
    return str(file)


def seen(programs: Path, name: str) -> set[tuple[bool, bool]]:
    """Of the processes that run a program below a folder now: whether each has the object, and the limit."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            program = Path(os.readlink(process / "exe"))
            if program.name == name and programs in program.parents:
                limits = next(line for line in (process / "limits").open() if line.startswith("Max open files"))
                maps = (process / "maps").read_text()
                if "/libc" in maps or "/ld-musl" in maps:  # it has been loaded, and is not ending
                    found.add(("/accept_nonblock.so" in maps, limits.split()[3] == "128"))
    return found


def test_they_are_on_in_the_server_and_not_in_the_load(tmp_path: Path, platform: str) -> None:
    order = "bench", "chat", "--servers", "chat-c", "--connections", "2", "--duration", "1", "--out", str(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "anyunix", *order, "--platform", platform],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as bench:
        servers, loads = set[tuple[bool, bool]](), set[tuple[bool, bool]]()
        while bench.poll() is None:
            if now := seen(tmp_path, "chat"):  # all are let in, or soon will be: the server has begun long ago
                loads |= now
                servers |= seen(tmp_path, "server")
        assert bench.stdout is not None
        said = bench.stdout.read()
    assert bench.returncode == 0
    assert (servers, loads) == ({(True, True)}, {(False, False)})
    assert said.startswith(f"{ON}\n")
    assert ON in (tmp_path / "mine" / "chat.md").read_text()
    assert "invalid" not in said
    journal = tmp_path / "mine" / "chat-runs.jsonl"
    assert len(read_journal(journal, ChatMeasured, NAMES)) == 2
    assert read_journal(journal, ChatMeasured) == {}, "what is measured now is not what was measured then"


def test_a_static_server_is_left_out_and_others_are_measured(
    tmp_path: Path, platform: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin").mkdir()
    compiler = tmp_path / "bin" / "cc"
    compiler.write_text(STATIC.format(cc=shlex.quote(str(shutil.which("cc")))))
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:{os.environ['PATH']}")
    servers = "--servers", "fork-c", "--servers", "loop-c"
    small = "--connections", "1", "--bytes", "1250", "--duration", "1", "--out", str(tmp_path)
    assert main(["bench", "--platform", platform, *servers, *small]) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        f"{ON}\nanyunix: fork-c is left out: nothing can be preloaded into it: it is linked statically\n"
    )
    assert "loop-c like, 1 connections, 1250 bytes a write: " in said
    assert {point.server for point in read_journal(tmp_path / "mine" / "runs.jsonl", Measured, NAMES)} == {"loop-c"}


def test_a_process_that_has_lost_them_makes_a_run_invalid(catalog: Catalog, tmp_path: Path) -> None:
    """The server has them, and what it forks for a client has not."""
    lost = Conditions(why_not=lambda processes: "it clears its environment" if len(processes) > 1 else "")
    sources = tmp_path / "sources"
    for name in ("servers", "load"):
        shutil.copytree(catalog.root / "bench" / name, sources / name)
    shutil.copytree(catalog.root / "chat", sources / "chat")

    def command(known: tuple[Source, ...]) -> tuple[str, ...]:
        return build(known[0], sources, tmp_path).command

    found = measure(Point("fork-c", "like", 1, 1250, 1e6, 1.0), command(SERVERS), *command(LOADS), conditions=lost)
    assert (found.invalid, found.samples) == ("it clears its environment", ())
    told = measure_chat(ChatPoint("chat-c", 1, 0.0, 1.0), command(CHATS), *command(CHAT_LOADS), conditions=lost)
    assert (told.invalid, told.messages) == ("it clears its environment", 0)


def test_runs_under_other_differences_are_measured_again(tmp_path: Path) -> None:
    point = Point("fork-c", "like", 1, 1250, 1e6, 1.0)
    append(tmp_path / "runs.jsonl", Measured(point, (1.0,)))
    append(tmp_path / "runs.jsonl", Measured(point, (2.0,), differences=("sun-path-104",)))
    assert read_journal(tmp_path / "runs.jsonl", Measured)[point].samples == (1.0,)
    assert read_journal(tmp_path / "runs.jsonl", Measured, ("sun-path-104",))[point].samples == (2.0,)
