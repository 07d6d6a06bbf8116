"""c/inject.c inside of real programs: it changes the call that is meant, and writes down what a server calls."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from anyunix.sweep.sites import sites_in
from anyunix.trace.records import Record

PROGRAM = """\
import os
said = []

def ask(function, *arguments):
    try:
        said.append(str(function(*arguments)))
    except OSError as error:
        said.append(os.strerror(error.errno))

log = os.open(os.path.abspath("log"), os.O_RDWR | os.O_CREAT | os.O_APPEND)
other = os.open(os.path.abspath("other"), os.O_RDWR | os.O_CREAT)
ask(os.write, other, b"12345678")
ask(os.write, log, b"12345678")
ask(os.write, log, b"12345678")
ask(os.lseek, log, 0, 0)
ask(os.read, log, 8)
ask(os.close, other)
ask(os.fstat, other)
pid = os.fork()
if pid == 0:
    ask(os.write, log, b"x")
    ask(os.write, log, b"y")
    os._exit(0 if said[-2:] == ["1", "1"] else 7)
said.append(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
os.write(1, "; ".join(said).encode())
"""
KEPT = "8; 8; 8; 0; b'12345678'; None; Bad file descriptor; 0"
STATIC = "#include <unistd.h>\nint main(void) { char c = 0; write(1, &c, 1); return (int)read(0, &c, 1); }\n"


@pytest.fixture
def made(suite: None, tmp_path: Path) -> Path:
    from support.preload import find_object

    found = find_object(tmp_path, "inject")
    assert isinstance(found, Path), found
    return found


def injector(made: Path, folder: Path, call: str, error: str, when: int = 1, **more: Any) -> Any:
    from support.injection import Injection
    from support.inside import PreloadedInjector

    wanted = {"phase": "starting", "lasting": False, "who": "first", "by": "preload"} | more
    return PreloadedInjector(Injection("it", call=call, error=error, when=when, **wanted), folder, made)


def ran(injecting: Any) -> str:
    command = [*injecting.wrapper, sys.executable, "-ISc", PROGRAM]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout


@pytest.mark.parametrize(
    ("call", "error", "more", "said"),
    [
        ("write", "ENOSPC", {"path": "log"}, "8; No space left on device; 8; 0; b'12345678'"),
        ("write", "ENOSPC", {"path": "log", "when": 2}, "8; 8; No space left on device; 0; b'12345678'"),
        ("write", "ENOSPC", {"path": "log", "lasting": True}, "8; No space left on device; No space left on device;"),
        ("write", "EIO", {}, "Input/output error; 8; 8; 0; b'12345678'"),
        ("write", "half", {"path": "log"}, "8; 4; 8; 0; b'12341234'"),
        ("read", "one", {"path": "log"}, "8; 8; 8; 0; b'1'"),
        ("close", "EIO", {"path": "other", "after": True}, "8; 8; 8; 0; b'12345678'; Input/output error; Bad file d"),
        ("close", "EIO", {"path": "other"}, "8; 8; 8; 0; b'12345678'; Input/output error; os.stat_result"),
        ("fork", "EAGAIN", {}, ""),
        ("write", "ENOSPC", {"path": "log", "who": "later", "when": 2}, KEPT.removesuffix("0") + "7"),
    ],
)
def test_the_call_that_is_meant_answers_so(
    made: Path, tmp_path: Path, call: str, error: str, more: dict[str, Any], said: str
) -> None:
    injecting = injector(made, tmp_path, call, error, **more)
    if call == "fork":
        with pytest.raises(subprocess.CalledProcessError):
            ran(injecting)
    else:
        assert ran(injecting).startswith(said)
    assert injecting.hits() >= 1
    line = injecting.hit()
    assert f" {call}(" in line
    assert line.endswith(f"= {'-1 ' + error if error.startswith('E') else {'half': 4, 'one': 1}[error]} (INJECTED)")


def test_nothing_happens_to_another_process_or_before_it_is_told(made: Path, tmp_path: Path) -> None:
    for more in ({"who": "children"}, {"phase": "serving"}, {"path": "no such file"}):
        injecting = injector(made, tmp_path, "write", "EIO", **more)
        assert ran(injecting) == KEPT
        assert (injecting.hit(), injecting.hits()) == ("", 0)


THREADS = """\
import os, threading
log = os.open(os.path.abspath("log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.write(log, b"first")
thread = threading.Thread(target=lambda: os.write(log, b"other") and os.write(log, b"other"))
thread.start()
thread.join()
"""


def test_another_thread_than_the_first_is_told_apart(made: Path, tmp_path: Path) -> None:
    """In what is written down, and where a call is changed; each counts its own."""
    from support.recorder import Recorder

    recorder = Recorder(made, tmp_path)
    subprocess.run([*recorder.wrapper, sys.executable, "-ISc", THREADS], timeout=60, check=True)
    record = Record("probe", "inside", "", False, str(tmp_path), (recorder.text("SIGTERM"),))
    written = {site.role: site for site in sites_in(record, "SIGTERM", "preload")[0] if site.text == "write(log)"}
    assert {role: (site.who, site.places) for role, site in written.items()} == {
        "parent": ("first", (1,)),
        "thread": ("threads", (1, 2)),
    }
    injecting = injector(made, tmp_path, "write", "half", 2, path="log", who="threads")
    subprocess.run([*injecting.wrapper, sys.executable, "-ISc", THREADS], timeout=60, check=True)
    assert injecting.hit()
    assert (tmp_path / "log").read_bytes() == b"firstotherot"


def test_what_it_cannot_be_inside_of_is_not_tried(made: Path, tmp_path: Path) -> None:
    from support.injection import CannotInject

    (tmp_path / "static.c").write_text(STATIC)
    subprocess.run(["cc", "-static", "-o", "static", "static.c"], check=True, timeout=60)
    injecting = injector(made, tmp_path, "read", "EIO", phase="serving")
    with subprocess.Popen([*injecting.wrapper, "./static"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stdout.read(1)  # env(1) has become it
        with pytest.raises(CannotInject, match="it is linked statically"), injecting.attached(started.pid, []):
            pass
        started.communicate(b"")
    with pytest.raises(CannotInject, match="no C compiler"):
        injector("no C compiler (cc) here", tmp_path, "read", "EIO")  # type: ignore[arg-type]


def test_the_record_has_the_sites_that_a_tracer_sees(made: Path, tmp_path: Path) -> None:
    """A server's, in the words of strace."""
    from support.recorder import Recorder

    program = (
        "import fcntl, os, signal, socket\n"
        "signal.signal(signal.SIGUSR1, lambda *_: None)\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "log = os.open(os.path.abspath('log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
        "print(listener.getsockname()[1], flush=True)\n"
        "for _ in range(2):\n"
        "    client = listener.accept()[0]\n"
        "    fcntl.flock(log, fcntl.LOCK_EX)\n"
        "    os.write(log, client.recv(10))\n"
        "    if os.fork() == 0:\n"
        "        client.send(b'hello')\n"
        "        os._exit(0)\n"
        "    client.close()\n"
        "    os.wait()\n"
    )
    recorder = Recorder(made, tmp_path)
    with subprocess.Popen(
        [*recorder.wrapper, sys.executable, "-ISc", program], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        for serving in (False, True):
            if serving:
                recorder.serving()
            with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
                client.sendall(b"hi")
                assert client.recv(10) == b"hello"
        assert server.wait(60) == 0
    record = Record("probe", "inside", "", False, str(tmp_path), (recorder.text("SIGTERM"),))
    sites, alike = sites_in(record, "SIGTERM", "preload")
    assert alike == []
    found = {(site.phase, site.label): site for site in sites}
    starting = [label for phase, label in found if phase == "starting"]
    assert [label for label in starting if "sigaction" not in label or "USR1" in label] == [  # without Python's own
        "parent: sigaction(SIGUSR1, handler, 0)",
        "parent: socket(SOCK_STREAM)",
        "parent: setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, [1])",
        "parent: bind(socket, 127.0.0.1:port)",
        "parent: listen(socket, SOMAXCONN)",
        "parent: open(log, O_APPEND|O_CREAT|O_WRONLY)",
        "parent: write(stdout)",
    ]
    serving = {label: site for (phase, label), site in found.items() if phase == "serving"}
    assert serving["parent: flock(log, LOCK_EX)"].places == (1,)
    assert serving["parent: write(log)"].path == "log"
    assert (serving["parent: recv(client)"].kind, serving["parent: recv(client)"].places) == ("client", (1,))
    assert serving["child: send(client)"].who == "later"
    assert serving["parent: close(client)"].by == "preload"
