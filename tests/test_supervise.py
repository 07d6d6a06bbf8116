"""suite/supervise.py: a command's whole family ends with it, whatever sessions it started."""

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anyunix.catalog import Catalog

ESCAPEE = """\
import os, sys, time
escaped, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    print(os.getpid(), flush=True)
    os.write(tell, b"x")
    time.sleep(600)
os.read(escaped, 1)
sys.stdin.read()
{then}
"""
LONG = "time.sleep(600)"
BSD_PS = """\
#!{python}
import re, sys
from pathlib import Path
columns, headers = [], []
for word, given in zip(sys.argv, sys.argv[1:]):
    while word == "-o" and given:
        name, equals, header = re.match("([a-z]+)(=?)(.*)", given).groups()
        given = "" if equals else header.lstrip(",")  # ps(1) there: what follows = is the header, to the word's end
        columns.append(name)
        headers.append(header if equals else name.upper())
if any(headers):
    print(*headers)
for process in Path("/proc").glob("[0-9]*"):
    try:
        row = {{"pid": process.name, "command": (process / "environ").read_text(errors="replace").replace("\\0", " ")}}
    except OSError:
        continue
    print(*(row[name].replace("\\n", "?") for name in columns))
"""


@pytest.fixture
def supervise(catalog: Catalog) -> list[str]:
    return [sys.executable, str(catalog.suite / "supervise.py")]


def start(command: list[str], **options: object) -> "subprocess.Popen[str]":
    environment = {**os.environ, "ANYUNIX_CELL": f"test-{os.getpid()}-{time.monotonic_ns()}"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True,
                            **options)  # type: ignore[call-overload, no-any-return]  # options are Popen's own


def gone(pid: int) -> bool:
    try:
        return " Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except FileNotFoundError:
        return True


def test_exit_status_and_output_pass_through(supervise: list[str]) -> None:
    done = subprocess.run([*supervise, "10", "sh", "-c", "echo out; echo err >&2; exit 7"], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_killed_by_a_signal_is_told_as_the_shell_does(supervise: list[str]) -> None:
    done = subprocess.run([*supervise, "10", "sh", "-c", "kill -9 $$"], stdin=subprocess.DEVNULL, timeout=20,
                          check=False)
    assert done.returncode == 128 + 9


def test_signals_that_the_caller_ignores_or_blocks_are_back_at_their_defaults(supervise: list[str]) -> None:
    caller = ("import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
              "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); os.execv(sys.argv[1], sys.argv[1:])")
    asked = "import signal; print(signal.getsignal(signal.SIGHUP) == 0, signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    done = subprocess.run([sys.executable, "-c", caller, *supervise, "10", sys.executable, "-c", asked],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, check=False)
    assert done.stdout == "True set()\n"


def test_a_command_that_is_not_there(supervise: list[str]) -> None:
    done = subprocess.run([*supervise, "10", "/no/such"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=20, check=False)
    assert done.returncode == 127
    assert "cannot start /no/such" in done.stderr


def test_over_its_time_the_family_ends_in_other_sessions_too(supervise: list[str]) -> None:
    process = start([*supervise, "1", sys.executable, "-c", ESCAPEE.format(then=LONG)], stdin=subprocess.DEVNULL)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 124
    assert gone(int(out))


def test_what_a_command_leaves_behind_ends_with_it(supervise: list[str]) -> None:
    process = start([*supervise, "30", sys.executable, "-c", ESCAPEE.format(then="")], stdin=subprocess.DEVNULL)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert gone(int(out))


def test_sigterm_ends_the_family_too(supervise: list[str]) -> None:
    process = start([*supervise, "60", sys.executable, "-c", ESCAPEE.format(then=LONG)], stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    escaped = int(process.stdout.readline())
    process.terminate()
    assert process.wait(timeout=20) == 128 + 15
    assert gone(escaped)
    process.stdout.close()


def test_when_the_owner_is_gone_the_family_ends(supervise: list[str]) -> None:
    process = start([*supervise, "60", sys.executable, "-c", ESCAPEE.format(then=LONG)], stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    escaped = int(process.stdout.readline())
    process.stdin.close()
    assert process.wait(timeout=20) == 124
    assert gone(escaped)
    process.stdout.close()


def test_where_ps_alone_shows_environments_an_escapee_is_found(catalog: Catalog, tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """As on FreeBSD, whose ps takes all that follows `pid=` for that column's header."""
    spec = importlib.util.spec_from_file_location("supervise_there", catalog.suite / "supervise.py")
    assert spec is not None
    assert spec.loader is not None
    there = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(there)
    (tmp_path / "ps").write_text(BSD_PS.format(python=sys.executable))
    (tmp_path / "ps").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(there, "PROC", tmp_path)
    tag = f"ANYUNIX_CELL=ps-{os.getpid()}-{time.monotonic_ns()}"
    with subprocess.Popen(["sleep", "600"], env={**os.environ, "ANYUNIX_CELL": tag.partition("=")[2]}) as process:
        try:
            assert list(there.tagged(tag)) == [process.pid]
        finally:
            process.kill()
