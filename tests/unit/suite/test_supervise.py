"""suite/supervise.py: all that a command forked ends with it, whatever sessions it started."""

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog

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
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload, no-any-return]  # options are Popen's own


def gone(pid: int) -> bool:
    try:
        return " Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except FileNotFoundError:
        return True


def test_exit_status_and_output_pass_through(supervise: list[str]) -> None:
    done = subprocess.run(
        [*supervise, "10", "sh", "-c", "echo out; echo err >&2; exit 7"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_killed_by_a_signal_is_told_as_the_shell_does(supervise: list[str]) -> None:
    done = subprocess.run(
        [*supervise, "10", "sh", "-c", "kill -9 $$"], stdin=subprocess.DEVNULL, timeout=20, check=False
    )
    assert done.returncode == 128 + 9


def test_signals_that_the_caller_ignores_or_blocks_are_back_at_their_defaults(supervise: list[str]) -> None:
    caller = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); os.execv(sys.argv[1], sys.argv[1:])"
    )
    asked = "import signal; print(signal.getsignal(signal.SIGHUP) == 0, signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    done = subprocess.run(
        [sys.executable, "-c", caller, *supervise, "10", sys.executable, "-c", asked],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=False,
    )
    assert done.stdout == "True set()\n"


def test_a_command_that_is_not_there(supervise: list[str]) -> None:
    done = subprocess.run(
        [*supervise, "10", "/no/such"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=False,
    )
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


DAEMON = """\
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        print(os.getpid(), flush=True)
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.closerange(3, 100)
        os.execve("/bin/sleep", ["a-daemon", "600"], {})
    os._exit(0)
os.wait()
"""
"""Daemonises as daemon(3) does, and with an environment of its own."""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit that could be the mark")
def test_a_daemon_with_its_own_session_and_environment_is_found_and_named(supervise: list[str]) -> None:
    process = start([*supervise, "30", sys.executable, "-c", DAEMON], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors == f"supervise: left behind and ended: pid {int(out)} a-daemon 600\n"
    assert gone(int(out))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit that could be the mark")
def test_a_daemon_ends_with_its_owner_too(supervise: list[str]) -> None:
    process = start(
        [*supervise, "60", sys.executable, "-c", DAEMON + LONG.replace("time", "import time; time", 1)],
        stdin=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    daemon = int(process.stdout.readline())
    process.stdin.close()
    assert process.wait(timeout=20) == 124
    assert gone(daemon)
    process.stdout.close()


ORPHAN = """\
import os
reader, writer = os.pipe()
if os.fork() == 0:
    before = os.getpid()
    if os.fork() == 0:
        while os.getppid() == before:
            os.sched_yield()
        print(os.getppid(), flush=True)
        os.write(writer, b".")
    os._exit(0)
os.read(reader, 1)
"""


def test_orphans_keep_the_parent_that_the_platform_gives_them(supervise: list[str]) -> None:
    """What finds daemons must not adopt them: who does is a fact of the platform."""
    alone = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, text=True, timeout=20, check=True)
    under = subprocess.run(
        [*supervise, "20", sys.executable, "-c", ORPHAN],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=True,
    )
    assert under.stdout == alone.stdout


def test_a_signal_that_comes_while_the_command_starts_is_not_lost(supervise: list[str]) -> None:
    """From the first moment on at which SIGTERM is caught nothing that was started stays."""
    for delay in (0.0, 0.02, 0.04, 0.06, 0.08):
        process = start([*supervise, "60", "sleep", "601"], stdin=subprocess.DEVNULL)
        time.sleep(delay)
        process.terminate()
        assert process.wait(timeout=20) in (128 + 15, -15)
        assert process.stdout is not None
        assert process.stdout.read() == ""  # its end comes when none of its forks holds it any more
        process.stdout.close()


def test_where_ps_alone_shows_environments_an_escapee_is_found(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
