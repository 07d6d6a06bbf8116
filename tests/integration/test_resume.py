"""`anyunix run --resume`: what a run that died did not come to runs, and nothing else."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.drivers.netns.netns_driver import NetnsDriver

SERVER = """\
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""
TINY = """\
title: a tiny server
files: [server.py]
start: ["{python}", server.py, "{port}"]
ready: '^READY (?P<addresses>\\S+)$'
promises: {ipv6: false}
"""
SLOW = TINY + "build: [sh, -c, 'read word < GATE']\n"
"""It is built when somebody opens the gate."""
PROBES = ("-k", "a_client_on_ipv4_loopback_is_served or test_passive_order")
SECONDS = 300.0
"""For what takes some seconds on an idle machine."""


class Folder:
    """Where `anyunix run` is typed, with three subjects: two chat servers and a slow one."""

    def __init__(self, path: Path) -> None:
        self.path, self.gate, self.out = path, path / "gate", path / "out"
        self.journal = self.out / "run.journal"
        os.mkfifo(self.gate)
        (path / "server.py").write_text(SERVER)
        (path / "slow.yaml").write_text(SLOW.replace("GATE", str(self.gate)))

    def start(self, *more: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "anyunix", "run", "--platform", "local", "--jobs", "3", *PROBES),
                *("--subject", "c", "--subject", "python", "--subject", "./slow.yaml", "--out", "out", *more),
            ],
            cwd=self.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(self.path)},
        )

    def run(self, *more: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*more)
        output, errors = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess([], process.returncode, output, errors)

    def open_gate(self) -> None:
        """Whoever waits at it goes on, and nobody waits there from now on."""
        with contextlib.suppress(OSError):  # nobody waits, or it is open
            os.close(os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK))
        self.gate.unlink()
        self.gate.write_text("\n")

    def results(self) -> int:
        """How many there are in the journal."""
        return self.journal.read_bytes().count(b"\n") - 1 if self.journal.exists() else 0

    def matrix(self) -> Any:
        """But for what is another one each time: times, and the gate's place in the slow subject's file."""
        return timeless(json.loads((self.out / "matrix.json").read_text()))


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: timeless(each) for key, each in value.items() if key not in ("seconds", "started", "identity")}
    return [timeless(each) for each in value] if isinstance(value, list) else value


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    found = Folder(tmp_path)
    yield found
    found.open_gate()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The matrix of a run that nobody ended."""
    folder = Folder(tmp_path_factory.mktemp("whole"))
    folder.open_gate()
    done = folder.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return folder.matrix()


def known(output: str) -> set[str]:
    """The subjects whose results are told as known."""
    return {line.split()[4] for line in output.splitlines() if "known from out/run.journal" in line}


def begun(output: str) -> set[str]:
    """The subjects whose platform was started."""
    return {line.split()[4] for line in output.splitlines() if line.endswith("starting the platform")}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_ended_goes_on_where_it_was(folder: Folder, whole: Any, number: int) -> None:
    process = folder.start()
    end = time.monotonic() + SECONDS
    while folder.results() < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "the two quick cells have no results"
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=SECONDS)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert folder.matrix() != whole
    with folder.journal.open("ab") as file:
        file.write(b'{"cell":"local slow default","ke')  # as if it had died in the middle of a line
    folder.open_gate()

    done = folder.run("--resume")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.startswith("anyunix: 2 results of the run begun 2")
    assert (known(done.stdout), begun(done.stdout)) == ({"c", "python"}, {"slow"})
    assert folder.matrix() == whole


def test_what_is_found_out_after_the_cells_is_known_as_well(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure's traces here and on the reference, and the experiments that find its cause."""
    if reason := NetnsDriver(catalog.platform("local-v6only").options).available():
        pytest.skip(reason)
    monkeypatch.chdir(tmp_path)
    chosen = ("--subject", "python", "--bind", "first", "--platform", "local,local-v6only", "--out", "out")
    probes = ("-k", "ipv4_client_is_served or test_ipv6_wildcard_and_ipv4 or test_passive_order")
    command = ["run", *chosen, *probes, "--experiment-seconds", "600"]
    assert main(command) == 1
    assert "under trace: starting the platform" in capsys.readouterr().out
    before = timeless(json.loads((tmp_path / "out" / "matrix.json").read_text()))
    assert main([*command, "--resume"]) == 1
    said = capsys.readouterr().out
    assert begun(said) == set()
    assert "cause, by experiment" in said
    assert timeless(json.loads((tmp_path / "out" / "matrix.json").read_text())) == before


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command that runs two cells."""
    for name in ("tiny", "other"):
        (tmp_path / f"{name}.py").write_text(SERVER)
        (tmp_path / f"{name}.yaml").write_text(TINY.replace("server.py", f"{name}.py"))
    monkeypatch.chdir(tmp_path)
    subjects = ("--subject", "./tiny.yaml", "--subject", "./other.yaml")
    return ["run", "--platform", "local", *subjects, *PROBES, "--out", "out"]


def test_where_there_is_nothing_to_resume_all_runs_and_then_what_was_changed(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*tiny, "--resume"]) == 0
    said = capsys.readouterr()
    assert said.err == "anyunix: nothing to resume in out: all runs\n"
    assert (known(said.out), begun(said.out)) == (set(), {"tiny", "other"})
    assert (tmp_path / "out" / "run.journal").read_bytes().count(b"\n") == 3
    (tmp_path / "other.py").write_text(SERVER + "# another file of the subject\n")
    assert main([*tiny, "--resume"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("anyunix: 2 results of the run begun 2")
    assert (known(said.out), begun(said.out)) == ({"tiny"}, {"other"})


def test_a_journal_that_cannot_be_written_is_told_at_the_end(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / "run.journal").mkdir(parents=True)
    assert main(tiny) == 3
    said = capsys.readouterr()
    assert said.err == "anyunix: out/run.journal: cannot be written: not a regular file: move it away\n"
    assert said.out.splitlines()[-1].startswith("anyunix: nothing to compare with: ")


def test_a_journal_of_something_else_is_not_gone_on_with(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.journal").write_text('{"identity": {"version": "0"}, "started": "2026"}\n')
    assert main([*tiny, "--resume"]) == 2
    assert capsys.readouterr().err == (
        "anyunix: out/run.journal: is of another version of anyunix: results of different things are not put together; "
        "run without --resume, or with another --out DIR\n"
    )
