"""Errors at exactly the call wanted: by strace, and by the object that is preloaded where there is no strace."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SERVER = """\
import errno, fcntl, os, socket, sys
said = []

def ask(function, *arguments):
    try:
        result = function(*arguments)
    except OSError as error:
        said.append(errno.errorcode[error.errno])
    else:
        if result == 0:
            os._exit(0)
        said.append("ok")

peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
listener = socket.create_server(("127.0.0.1", 0))
ask(socket.socket, socket.AF_INET6)
ask(socket.socket, socket.AF_INET6)
for port in (0, 0):
    ask(socket.socket().bind, ("127.0.0.1", port))
for _ in range(2):
    ask(os.fork)
client = socket.create_connection(listener.getsockname())
ask(listener.accept)
with open("locked", "w") as file:
    for _ in range(3):
        ask(fcntl.flock, file, fcntl.LOCK_EX)
print(*said)
"""
STATIC = "int main(void) { return 0; }\n"


@pytest.fixture
def without_strace(suite: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from support import tracer

    monkeypatch.setattr(tracer, "_why_no_strace", lambda: "no strace on PATH")


@pytest.fixture(params=["strace", "preloaded"])
def either_way(suite: None, request: pytest.FixtureRequest) -> None:
    """A platform that has strace, or has none."""
    if request.param == "preloaded":
        request.getfixturevalue("without_strace")
    elif not shutil.which("strace"):
        pytest.skip("no strace here")


@pytest.mark.parametrize(
    ("calls", "inject", "said"),
    [
        ("socket", "error=EAFNOSUPPORT:when=3", "EAFNOSUPPORT ok ok ok ok ok ok ok ok ok"),
        ("socket", "error=EPROTONOSUPPORT:when=4", "ok EPROTONOSUPPORT ok ok ok ok ok ok ok ok"),
        ("bind", "error=EADDRINUSE:when=2", "ok ok EADDRINUSE ok ok ok ok ok ok ok"),
        ("FORKS", "error=EAGAIN:when=1", "ok ok ok ok EAGAIN ok ok ok ok ok"),
        ("ACCEPTS", "error=EMFILE:when=1", "ok ok ok ok ok ok EMFILE ok ok ok"),
        ("flock", "error=ENOLCK:when=1+2", "ok ok ok ok ok ok ok ENOLCK ok ENOLCK"),
        ("flock", "", "ok ok ok ok ok ok ok ok ok ok"),
    ],
)
@pytest.mark.usefixtures("either_way")
def test_the_call_that_is_meant_fails_and_no_other(tmp_path: Path, calls: str, inject: str, said: str) -> None:
    from support import tracer

    traced = tracer.Tracer(tmp_path / "record", getattr(tracer, calls, calls), inject)
    with socket.create_server(("127.0.0.1", 0)) as there:
        done = subprocess.run(
            [*traced.wrapper, sys.executable, "-c", SERVER, str(there.getsockname()[1])],
            stdout=subprocess.PIPE,
            text=True,
            timeout=20,
            check=False,
        )
    assert done.stdout.split() == said.split()
    if inject:
        traced.demand()


PROCESSES = """\
import fcntl, os
for _ in range(2):
    try:
        fcntl.flock(open("locked", "w"), fcntl.LOCK_EX | fcntl.LOCK_NB)
        word = "ok"
    except OSError as error:
        word = error.strerror
    print("child" if os.getppid() == FIRST else "first", word, flush=True)
    if _ == 0 and os.fork():
        os.wait()
        break
"""


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.usefixtures("either_way")
def test_calls_are_counted_in_the_first_process_or_in_each(tmp_path: Path, follow: bool) -> None:
    from support import tracer

    traced = tracer.Tracer(tmp_path / "record", "flock", "error=ENOLCK:when=1", follow=follow)
    done = subprocess.run(
        [*traced.wrapper, sys.executable, "-c", "import os; FIRST = os.getpid()\n" + PROCESSES],
        stdout=subprocess.PIPE,
        text=True,
        timeout=20,
        check=False,
    )
    no_locks = os.strerror(37)
    assert done.stdout.splitlines() == [f"first {no_locks}", f"child {no_locks if follow else 'ok'}"]


@pytest.mark.usefixtures("either_way")
def test_what_was_called_is_written_down(tmp_path: Path) -> None:
    from support import tracer

    program = (
        "import socket; a = socket.socket(); b = socket.socket(socket.AF_INET6); a.bind(('127.0.0.1', 0));"
        "b.bind(('::', a.getsockname()[1]))"
    )
    sockets = tracer.Tracer(tmp_path / "sockets", "socket")
    binds = tracer.Tracer(tmp_path / "binds", "bind", "error=EADDRINUSE:when=2")
    for traced in (sockets, binds):
        subprocess.run(
            [*traced.wrapper, sys.executable, "-c", program], stderr=subprocess.DEVNULL, timeout=20, check=False
        )
    assert sockets.number_of(r"socket\(AF_INET6, SOCK_STREAM") == 2
    assert not sockets.injected(r"socket\(")
    assert binds.number_of(r".*sin6?_port=htons\((?!0\))") == 2
    assert binds.injected(r".*sin6_port=htons\((?!0\))")


@pytest.mark.usefixtures("without_strace")
def test_what_a_preloaded_object_cannot_do_is_left_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delay at the door of a call, a program that is linked statically, and a platform without a compiler."""
    from support import tracer

    with pytest.raises(pytest.skip.Exception, match=r"^no call can be held at its door here: no strace on PATH$"):
        tracer.Tracer(tmp_path / "writes", "write", "delay_enter=1000", follow=True)
    (tmp_path / "static.c").write_text(STATIC)
    subprocess.run(["cc", "-static", "-o", "static", "static.c"], check=True, timeout=20)
    traced = tracer.Tracer(tmp_path / "record", "socket", "error=EPERM:when=1")
    assert subprocess.run([*traced.wrapper, "./static"], timeout=20, check=False).returncode == 0
    with pytest.raises(pytest.skip.Exception, match="linked statically"):
        traced.demand()
    monkeypatch.setenv("CC", "no-such-cc")
    (tmp_path / "preload").unlink()
    with pytest.raises(pytest.skip.Exception, match=r"no strace on PATH, and no C compiler \(no-such-cc\) here"):
        tracer.Tracer(tmp_path / "record", "socket", "error=EPERM:when=1")
